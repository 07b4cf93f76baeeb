"""What GitHub is told of a preview.

facts ──── rows → plain values
comment ── the comment of a pull request, as Markdown; escaping, qr
verdict ── what has become of a commit: check run or commit status
rollout ── what has become of a deployment: the Deployments API
telling ── compares each with what was told last, and tells the difference
"""

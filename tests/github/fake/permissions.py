"""What a GitHub App needs for each operation: one of them is enough.

https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
"""

_R = "/repos/{owner}/{repo}"
_READS = (("issues", "read"), ("pull_requests", "read"))
_WRITES = (("issues", "write"), ("pull_requests", "write"))

NEEDED: dict[str, tuple[tuple[str, str], ...]] = {
    f"GET {_R}": (("metadata", "read"),),
    f"GET {_R}/issues/{{issue_number}}/comments": _READS,
    f"POST {_R}/issues/{{issue_number}}/comments": _WRITES,
    f"GET {_R}/issues/comments/{{comment_id}}": _READS,
    f"PATCH {_R}/issues/comments/{{comment_id}}": _WRITES,
    f"DELETE {_R}/issues/comments/{{comment_id}}": _WRITES,
    f"POST {_R}/issues/comments/{{comment_id}}/reactions": _WRITES,
    f"GET {_R}/deployments": (("deployments", "read"),),
    f"POST {_R}/deployments": (("deployments", "write"),),
    f"DELETE {_R}/deployments/{{deployment_id}}": (("deployments", "write"),),
    f"GET {_R}/deployments/{{deployment_id}}/statuses": (("deployments", "read"),),
    f"POST {_R}/deployments/{{deployment_id}}/statuses": (("deployments", "write"),),
    f"DELETE {_R}/environments/{{environment_name}}": (("administration", "write"),),
    f"GET {_R}/commits/{{ref}}/check-runs": (("checks", "read"),),
    f"POST {_R}/check-runs": (("checks", "write"),),
    f"PATCH {_R}/check-runs/{{check_run_id}}": (("checks", "write"),),
    f"POST {_R}/statuses/{{sha}}": (("statuses", "write"),),
    f"GET {_R}/pulls": (("pull_requests", "read"),),
    f"GET {_R}/pulls/{{pull_number}}": (("pull_requests", "read"),),
    f"GET {_R}/collaborators/{{username}}/permission": (("metadata", "read"),),
}

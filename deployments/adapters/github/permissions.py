"""What the GitHub App may do: the least that Edaha's features need. docs/github.md says why."""

#: Name → level, as the manifest asks for them.
NEEDED = {
    "checks": "write",
    "contents": "read",
    "deployments": "write",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}
#: What nobody has to give: by it the environments of destroyed previews are deleted, which GitHub
#: lets nobody else do. It is asked for by no manifest, and put into no other token.
FOR_ENVIRONMENTS = {"administration": "write"}
#: What the App's webhook tells of. `installation` and `installation_repositories` come by
#: themselves.
EVENTS = ["create", "delete", "issue_comment", "pull_request", "push"]

_LEVELS = {"read": 1, "write": 2, "admin": 3}


def missing(given: dict[str, str]) -> dict[str, str]:
    """What an installation does not grant of what is needed, with the level that is."""
    return lacking(given, NEEDED)


def lacking(given: dict[str, str], wanted: dict[str, str]) -> dict[str, str]:
    return {name: level for name, level in wanted.items() if _level(given, name) < _LEVELS[level]}


def granted(given: dict[str, str], wanted: dict[str, str] | None = None) -> dict[str, str]:
    """What a token can be made for: no more than is wanted, nor than is granted.

    GitHub refuses to make a token that may do more than its installation.
    """
    found = {}
    for name, level in (NEEDED if wanted is None else wanted).items():
        if _level(given, name) >= _LEVELS[level]:
            found[name] = level
        elif name in given:
            found[name] = given[name]
    return found


def _level(given: dict[str, str], name: str) -> int:
    return _LEVELS.get(given.get(name, ""), 0)

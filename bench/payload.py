"""A push as GitHub sends it, of a usual size: four commits, 9 KB."""

import hashlib
import json
from typing import Any

_REPOSITORY_LINKS = (
    "forks keys collaborators teams hooks issue_events events assignees branches tags blobs "
    "git_tags git_refs trees statuses languages stargazers contributors subscribers subscription "
    "commits git_commits comments issue_comment contents compare merges archive downloads issues "
    "pulls milestones notifications labels releases deployments"
).split()
_PERSON_LINKS = (
    "followers following gists starred subscriptions organizations repos events received_events"
).split()
_API = "https://api.github.com"


def push() -> bytes:
    commits = [_commit(number) for number in range(4)]
    payload = {
        "ref": "refs/heads/feature/cart",
        "before": _hash("before"),
        "after": commits[-1]["id"],
        "repository": _repository(),
        "pusher": {"name": "octo-developer", "email": "octo@example.com"},
        "sender": _person(),
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"https://github.com/acme/shop/compare/{_hash('before')}...feature",
        "commits": commits,
        "head_commit": commits[-1],
    }
    return json.dumps(payload).encode()


def _hash(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


def _person() -> dict[str, Any]:
    person = {
        "login": "octo-developer",
        "id": 583231,
        "node_id": "MDQ6VXNlcjU4MzIzMQ==",
        "avatar_url": "https://avatars.githubusercontent.com/u/583231?v=4",
        "html_url": "https://github.com/octo-developer",
        "type": "User",
        "site_admin": False,
    }
    links = {f"{link}_url": f"{_API}/users/octo-developer/{link}" for link in _PERSON_LINKS}
    return person | links


def _repository() -> dict[str, Any]:
    repository = {
        "id": 1296269,
        "node_id": "MDEwOlJlcG9zaXRvcnkxMjk2MjY5",
        "full_name": "acme/shop",
        "name": "shop",
        "private": True,
        "owner": _person(),
        "description": "Where people buy things, and where we try things out",
        "default_branch": "main",
        "pushed_at": 1795429800,
        "size": 108,
        "topics": [],
    }
    links = {f"{link}_url": f"{_API}/repos/acme/shop/{link}{{/id}}" for link in _REPOSITORY_LINKS}
    return repository | links


def _commit(number: int) -> dict[str, Any]:
    commit = _hash(f"commit {number}")
    developer = {
        "name": "Octo Developer",
        "email": "octo@example.com",
        "username": "octo-developer",
    }
    return {
        "id": commit,
        "tree_id": _hash(f"tree {number}"),
        "distinct": True,
        "message": f"Change the cart for the {number + 1}. time\n\nBecause it has to be changed.",
        "timestamp": "2026-11-20T10:00:00+09:00",
        "url": f"https://github.com/acme/shop/commit/{commit}",
        "author": developer,
        "committer": developer,
        "added": [f"shop/templates/cart/part_{number}.html"],
        "removed": [],
        "modified": [f"shop/cart/{name}_{number}.py" for name in ("views", "models", "forms")],
    }

"""Calls to GitHub that tell something: comments, deployments, check runs, commit statuses.

Each finds again what it made before, so that an answer that was lost makes nothing twice.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from ..config import config
from ..models import Repository
from . import github
from .github import permissions, tokens
from .github.app import App, known_app

_PAGE, _MAX_PAGES = 100, 50
#: What GitHub sends of a comment, a deployment, a check run.
Thing = dict[str, Any]


def has_app(repository: Repository) -> bool:
    """Whether the GitHub App is installed there; check runs are for Apps alone."""
    app = known_app()
    return app is not None and tokens.installation_of(app, repository.full_name) is not None


def comments(repository: Repository, number: int, marker: str) -> list[Thing]:
    """Our own comments of a pull request that begin with the marker, oldest first."""
    is_ours = _ownership(repository)
    return [
        comment
        for comment in _listed(repository, f"/issues/{number}/comments")
        # At its beginning: what is quoted in one, such as a line of a log, is anybody's.
        if str(comment.get("body") or "").lstrip().startswith(marker) and is_ours(comment)
    ]


def post_comment(repository: Repository, number: int, body: str) -> int:
    path = f"/issues/{number}/comments"
    return int(github.request(repository, "POST", path, {"body": body}).json()["id"])


def edit_comment(repository: Repository, comment: int, body: str) -> None:
    """Raises NotFound where somebody has deleted it."""
    github.request(repository, "PATCH", f"/issues/comments/{comment}", {"body": body})


def delete_comment(repository: Repository, comment: int) -> None:
    github.request(repository, "DELETE", f"/issues/comments/{comment}")


def react(repository: Repository, comment: int, content: str) -> None:
    """GitHub takes the same reaction again for the one that is there."""
    github.request(
        repository, "POST", f"/issues/comments/{comment}/reactions", {"content": content}
    )


def find_deployment(repository: Repository, task: str) -> int | None:
    found = github.request(
        repository, "GET", "/deployments", params={"task": task, "per_page": 1}
    ).json()
    return int(found[0]["id"]) if found else None


def make_deployment(repository: Repository, commit: str, task: str, environment: str) -> int:
    body = {
        "ref": commit,
        "task": task,
        "auto_merge": False,
        "required_contexts": [],
        "payload": {"edaha": task},
        "environment": environment,
        "transient_environment": True,
        "production_environment": False,
        "description": "Preview by Edaha",
    }
    return int(github.request(repository, "POST", "/deployments", body).json()["id"])


def set_deployment(repository: Repository, deployment: int, fields: dict[str, str]) -> None:
    """Raises NotFound where somebody has deleted it."""
    body = fields | {"auto_inactive": False}
    github.request(repository, "POST", f"/deployments/{deployment}/statuses", body)


def delete_deployment(repository: Repository, deployment: int) -> None:
    """It has to be inactive. Raises NotFound where it is deleted already."""
    github.request(repository, "DELETE", f"/deployments/{deployment}")


def may_delete_environments(repository: Repository) -> bool:
    """Of an App it is known; whoever has a token only finds out by trying."""
    app = known_app()
    found = tokens.installation_of(app, repository.full_name) if app is not None else None
    return found is None or not permissions.lacking(found.permissions, permissions.FOR_ENVIRONMENTS)


def delete_environment(repository: Repository, name: str) -> None:
    github.request(
        repository,
        "DELETE",
        f"/environments/{quote(name, safe='')}",
        permissions=permissions.FOR_ENVIRONMENTS,
    )


def find_check(repository: Repository, commit: str, name: str, external_id: str) -> int | None:
    found = github.request(
        repository,
        "GET",
        f"/commits/{commit}/check-runs",
        params={"check_name": name, "filter": "all", "per_page": _PAGE},
    ).json()
    runs = [run for run in found["check_runs"] if run.get("external_id") == external_id]
    return int(runs[0]["id"]) if runs else None


def make_check(repository: Repository, fields: Thing) -> int:
    return int(github.request(repository, "POST", "/check-runs", fields).json()["id"])


def edit_check(repository: Repository, check: int, fields: Thing) -> None:
    github.request(repository, "PATCH", f"/check-runs/{check}", fields)


def set_status(repository: Repository, commit: str, fields: dict[str, str]) -> None:
    github.request(repository, "POST", f"/statuses/{commit}", fields)


def _listed(repository: Repository, path: str) -> Iterator[Thing]:
    for page in range(1, _MAX_PAGES + 1):
        params = {"per_page": _PAGE, "page": page}
        found = github.request(repository, "GET", path, params=params).json()
        yield from found
        if len(found) < _PAGE:
            return


def _ownership(repository: Repository) -> Callable[[Thing], bool]:
    """Whether a comment is our own: whoever else writes our marker gets nothing of it edited."""
    app = known_app()
    if app is not None and tokens.installation_of(app, repository.full_name) is not None:
        known = app
        return lambda comment: _is_by(known, comment)
    login = _login(repository, config().github_token)
    return lambda comment: bool(login) and (comment.get("user") or {}).get("login") == login


def _is_by(app: App, comment: Thing) -> bool:
    author = comment.get("performed_via_github_app") or {}
    is_bot = (comment.get("user") or {}).get("type") == "Bot"
    return is_bot and app.id in {str(author.get("id")), str(author.get("client_id"))}


#: Whose token it is, by token.
_logins: dict[str, str] = {}


def forget() -> None:
    """Begin anew, as a new process does."""
    _logins.clear()


def _login(repository: Repository, token: str) -> str:
    if token not in _logins:
        _logins[token] = str(github.request(repository, "GET", "//user").json()["login"])
    return _logins[token]

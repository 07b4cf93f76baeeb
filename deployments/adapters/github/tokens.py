"""In whose name a repository is asked about: the App's installation there, the token, or nobody.

Installation tokens live for an hour. Each one can reach a single repository, and do what it is
for: https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
"""

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from ...config import config
from ...models import Repository
from . import limits, permissions, wire
from .app import App, as_app, known_app
from .problems import NotFound, Unauthorised

#: A token that ends sooner is not used any more.
_MARGIN = timedelta(minutes=5)
#: How long a repository's installation is believed; and that there is none.
_KEEP_INSTALLATION, _KEEP_NONE = timedelta(minutes=10), timedelta(minutes=1)

#: What git needs.
READING = {"contents": "read", "metadata": "read"}


@dataclass(frozen=True)
class Installation:
    id: int
    #: Name → read or write.
    permissions: dict[str, str]
    is_suspended: bool = False


@dataclass(frozen=True)
class Token:
    text: str = field(repr=False)
    ends_at: datetime


#: The App, the installation, the repository (empty: all of them), and what it may do.
_Key = tuple[str, int, str, tuple[tuple[str, str], ...]]


@dataclass
class _Memory:
    """What this process knows; losing it costs requests and nothing else."""

    #: By App and repository; with the time until which it is believed.
    installations: dict[tuple[str, str], tuple[datetime, Installation | None]] = field(
        default_factory=dict
    )
    tokens: dict[_Key, Token] = field(default_factory=dict)
    #: Held while a token is made, so that whoever comes second finds it made.
    making: defaultdict[int, threading.Lock] = field(
        default_factory=lambda: defaultdict(threading.Lock)
    )


_memory = _Memory()


def forget() -> None:
    """Begin anew, as a new process does."""
    global _memory
    _memory = _Memory()


def caller_for(repository: Repository, wanted: dict[str, str] | None = None) -> wire.Caller:
    """In whose name GitHub is asked about the repository. `wanted` narrows what a token may do."""
    app = known_app()
    found = installation_of(app, repository.full_name) if app else None
    if app is None or found is None:
        return _by_settings()
    name = repository.full_name.partition("/")[2]
    text = _token(app, found, name, permissions.granted(found.permissions, wanted))
    return wire.Caller(limits.account(f"installation {found.id}"), text, is_renewable=True)


def caller_in(app: App, installation: Installation) -> wire.Caller:
    """For what is about all of an installation's repositories; it may read their names alone."""
    text = _token(app, installation, "", {"metadata": "read"})
    return wire.Caller(limits.account(f"installation {installation.id}"), text)


def drop(repository: Repository, caller: wire.Caller) -> None:
    """GitHub does not take the token any more: the next caller has another one."""
    for key, token in list(_memory.tokens.items()):
        if token.text == caller.token:
            _memory.tokens.pop(key, None)
    for found in list(_memory.installations):
        if found[1] == repository.full_name.lower():
            _memory.installations.pop(found, None)


def installation_of(app: App, full_name: str) -> Installation | None:
    """Where the App is installed for the repository; None where it is not."""
    key = (app.id, full_name.lower())
    known = _memory.installations.get(key)
    if known is not None and timezone.now() < known[0]:
        return known[1]
    try:
        answer = as_app("GET", f"/repos/{full_name}/installation", app=app)
        found = read_installation(answer.json())
    except NotFound:
        found = None
    keep = _KEEP_INSTALLATION if found is not None else _KEEP_NONE
    _memory.installations[key] = (timezone.now() + keep, found)
    return found


def read_installation(body: dict[str, Any]) -> Installation:
    try:
        return Installation(
            int(body["id"]),
            {str(name): str(level) for name, level in (body.get("permissions") or {}).items()},
            bool(body.get("suspended_at")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise wire.odd("the GitHub App", f"an installation without a proper {problem}") from None


def _by_settings() -> wire.Caller:
    token = config().github_token
    return wire.Caller(limits.account("token" if token else limits.ANONYMOUS), token)


def _token(app: App, found: Installation, repository: str, allowed: dict[str, str]) -> str:
    key = (app.id, found.id, repository.lower(), tuple(sorted(allowed.items())))
    with _memory.making[found.id]:
        known = _memory.tokens.get(key)
        if known is None or known.ends_at - timezone.now() < _MARGIN:
            known = _memory.tokens[key] = _make(app, found, repository, allowed)
    return known.text


def _make(app: App, found: Installation, repository: str, allowed: dict[str, str]) -> Token:
    body: dict[str, Any] = {"permissions": allowed} if allowed else {}
    if repository:
        body["repositories"] = [repository]
    path = f"/app/installations/{found.id}/access_tokens"
    try:
        answer = as_app("POST", path, body, app=app, is_paced=False).json()
    except (NotFound, Unauthorised):
        # It was installed anew since, under another number.
        _memory.installations.clear()
        raise
    try:
        ends_at = datetime.fromisoformat(answer["expires_at"].replace("Z", "+00:00"))
        return Token(str(answer["token"]), ends_at)
    except (KeyError, TypeError, ValueError, AttributeError):
        # Not the answer itself: it may have the token.
        raise wire.odd("the GitHub App", "no token with an end is in it") from None

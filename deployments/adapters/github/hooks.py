"""Deliveries as GitHub remembers them, for three days, and having failed ones sent again.

https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from django.utils import timezone

from ...config import config
from ...errors import PlatformError
from ...models import Repository
from . import wire
from .app import as_app, known_app
from .asking import request
from .home import is_home_of
from .problems import Limited
from .tokens import installation_of

_PAGE = 100
_MAX_PAGES = 20
#: How long it is believed which webhook of a repository is ours, or that none can be found.
_KEEP = timedelta(hours=1)


@dataclass(frozen=True)
class Attempt:
    """One try of GitHub's to deliver something; a delivery's tries share its GUID."""

    id: int
    guid: str
    event: str
    delivered_at: datetime
    #: What GitHub got for an answer, such as OK or “Timed out”.
    status: str
    status_code: int

    @property
    def has_arrived(self) -> bool:
        return 200 <= self.status_code < 300


@dataclass(frozen=True)
class Hook:
    """A webhook that leads to us."""

    #: What it is known by in a pass's findings, and in what is kept of it.
    name: str
    _ask: Callable[..., httpx.Response]
    _path: str

    def attempts(
        self, since: datetime | None, *, most: int = _PAGE * _MAX_PAGES
    ) -> Iterator[Attempt]:
        """The newest first."""
        params: dict[str, Any] = {"per_page": min(most, _PAGE)}
        seen = 0
        while seen < most:
            answer = self._ask("GET", self._path, params=params)
            page = _listed(self.name, answer)
            for each in page:
                if since is not None and each.delivered_at < since:
                    return
                seen += 1
                yield each
            cursor = _cursor(answer)
            if not page or not cursor:
                return
            params = {**params, "cursor": cursor}

    def redeliver(self, attempt: Attempt) -> None:
        self._ask("POST", f"{self._path}/{attempt.id}/attempts")


#: What the App's webhook is known by.
APP = "the GitHub App"


def app_hook(*, background: bool = False) -> Hook | None:
    """The App's own; None where there is no App."""
    app = known_app()
    if app is None:
        return None
    ask = partial(as_app, app=app, background=background)
    return Hook(APP, ask, "/app/hook/deliveries")


#: Repository → until when it is believed, and the number of its webhook.
_found: dict[int, tuple[datetime, int | None]] = {}


def forget() -> None:
    """Begin anew, as a new process does."""
    _found.clear()


def repository_hook(repository: Repository) -> Hook | None:
    """The repository's own webhook that leads here; None where the token may not see it.

    What the App tells of needs none.
    """
    app = known_app()
    if not config().github_token or not is_home_of(repository):
        return None
    if app is not None and installation_of(app, repository.full_name) is not None:
        return None
    known = _found.get(repository.pk)
    if known is None or known[0] <= timezone.now():
        known = _found[repository.pk] = (timezone.now() + _KEEP, _hook_id(repository))
    if known[1] is None:
        return None
    ask = partial(request, repository, background=True)
    return Hook(repository.full_name, ask, f"/hooks/{known[1]}/deliveries")


def _hook_id(repository: Repository) -> int | None:
    address = f"{config().base_url.rstrip('/')}/webhooks/github"
    try:
        hooks = request(
            repository, "GET", "/hooks", params={"per_page": _PAGE}, background=True
        ).json()
    except Limited:
        raise
    except PlatformError as problem:
        if problem.retry:
            raise
        return None  # the token lacks “Webhooks: read”, which nobody has to give
    for hook in hooks if isinstance(hooks, list) else []:
        if (hook.get("config") or {}).get("url") == address and hook.get("active"):
            return int(hook["id"])
    return None


def _listed(name: str, answer: httpx.Response) -> list[Attempt]:
    try:
        return [
            Attempt(
                int(each["id"]),
                str(each["guid"]).lower(),
                str(each["event"]),
                datetime.fromisoformat(each["delivered_at"].replace("Z", "+00:00")),
                str(each["status"]),
                int(each["status_code"]),
            )
            for each in answer.json()
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise wire.odd(name, f"a delivery without a proper {problem}") from None


def _cursor(answer: httpx.Response) -> str:
    following = answer.links.get("next", {}).get("url", "")
    return next(iter(parse_qs(urlsplit(following).query).get("cursor", [])), "")

"""From a manifest to an App, and what there is to see of it: who has installed it, and where.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ...errors import PlatformError
from ...models import MadeApp
from . import limits, wire
from .app import App, as_app, known_app
from .tokens import Installation, caller_in, read_installation

_PAGE = 100
#: More installations than one page, or repositories than these pages, are not shown.
_MAX_PAGES = 5


@dataclass(frozen=True)
class Found:
    """A repository that an installation reaches."""

    full_name: str
    clone_url: str
    default_branch: str
    is_private: bool


@dataclass(frozen=True)
class Installed:
    """Where the App is installed, as GitHub tells it now."""

    installation: Installation
    account: str
    #: Its page at GitHub.
    url: str
    repositories: tuple[Found, ...] = ()
    #: Whether there are more of them.
    is_cut: bool = False
    #: Requests that are left in this hour, and of how many; None where GitHub did not say.
    remaining: int | None = None
    limit: int | None = None
    #: Why its repositories could not be read; empty where they could.
    problem: str = ""


def convert(code: str) -> MadeApp:
    """Fetch the App that GitHub has made of the manifest. A code is good once, for an hour."""
    caller = wire.Caller(limits.account("set-up"), "")
    path = f"/app-manifests/{quote(code, safe='')}/conversions"
    call = wire.Call("POST", path, "the new GitHub App", is_paced=False)
    body = wire.send(caller, call).json()
    try:
        return MadeApp(
            id=int(body["id"]),
            slug=str(body["slug"]),
            name=str(body["name"]),
            owner=str((body.get("owner") or {}).get("login") or ""),
            url=str(body["html_url"]),
            client_id=str(body["client_id"]),
            private_key=str(body["pem"]),
            webhook_secret=str(body["webhook_secret"] or ""),
            client_secret=str(body["client_secret"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        # Not the answer itself: it has the secrets.
        raise wire.odd("the new GitHub App", "something is missing in it") from None


def installed() -> list[Installed]:
    """Every installation, with the repositories that it reaches. Raises PlatformError."""
    app = known_app()
    if app is None:
        return []
    answer = as_app("GET", "/app/installations", params={"per_page": _PAGE}, app=app).json()
    if not isinstance(answer, list):
        raise wire.odd("the GitHub App", "its list of installations is none")
    return [_look_into(app, each) for each in answer]


def _look_into(app: App, body: dict[str, Any]) -> Installed:
    found = read_installation(body)
    account = str((body.get("account") or {}).get("login") or "")
    url = str(body.get("html_url") or "")
    if found.is_suspended:
        return Installed(found, account, url)
    try:
        repositories = tuple(_repositories(app, found))
    except PlatformError as problem:
        return Installed(found, account, url, problem=f"{problem.message} {problem.hint}".strip())
    seen = limits.account(f"installation {found.id}")
    most = _PAGE * _MAX_PAGES
    return Installed(
        found, account, url, repositories[:most], len(repositories) > most,
        seen.remaining, seen.limit,
    )  # fmt: skip


def _repositories(app: App, found: Installation) -> Iterator[Found]:
    caller = caller_in(app, found)
    for page in range(1, _MAX_PAGES + 2):
        call = wire.Call(
            "GET",
            "/installation/repositories",
            "the GitHub App",
            params={"per_page": _PAGE, "page": page},
        )
        body = wire.send(caller, call).json()
        try:
            rows = [
                Found(
                    str(each["full_name"]),
                    str(each["clone_url"]),
                    str(each["default_branch"]),
                    bool(each["private"]),
                )
                for each in body["repositories"]
            ]
        except (KeyError, TypeError) as problem:
            raise wire.odd("the GitHub App", f"a repository without {problem}") from None
        yield from rows
        if len(rows) < _PAGE:
            return

"""The pull requests that are open, and what became of one.

An unchanged list costs nothing of the rate limit, since its ETag is remembered:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

import threading
from dataclasses import dataclass

import httpx

from ...errors import PlatformError
from ...models import Repository
from ...payloads import Event, MalformedPayload, found_pull_request
from . import wire
from .asking import request

_PAGE = 100
#: More open pull requests than these pages hold are not compared.
_MAX_PAGES = 20


@dataclass(frozen=True)
class _Page:
    etag: str
    pulls: tuple[Event, ...]
    following: str


#: What this process knows, by repository and page; losing it costs requests and nothing else.
_pages: dict[tuple[str, str], _Page] = {}
_lock = threading.Lock()


def forget() -> None:
    """Begin anew, as a new process does."""
    with _lock:
        _pages.clear()


def open_pull_requests(repository: Repository) -> list[Event]:
    """Every open pull request, as events without an action.

    Raises PlatformError where the list cannot be had as a whole.
    """
    address = f"/pulls?state=open&per_page={_PAGE}"
    found: list[Event] = []
    for _ in range(_MAX_PAGES):
        page = _page(repository, address)
        found += page.pulls
        if not page.following:
            return found
        address = page.following
    raise PlatformError(
        f"{repository.full_name} has more than {_MAX_PAGES * _PAGE} open pull requests: they are "
        "not compared.",
        hint="Close old ones. Deliveries are still acted upon.",
    )


def pull_request(repository: Repository, number: int) -> Event:
    """One pull request as it is now, open or closed."""
    return _read(repository, request(repository, "GET", f"/pulls/{number}").json())


def _page(repository: Repository, address: str) -> _Page:
    key = (repository.full_name, address)
    with _lock:
        known = _pages.get(key)
    headers = {"If-None-Match": known.etag} if known else {}
    response = request(repository, "GET", address, headers=headers)
    if response.status_code == httpx.codes.NOT_MODIFIED and known:
        return known
    body = response.json()
    if not isinstance(body, list):
        raise wire.odd(repository.full_name, "its list of pull requests is none")
    page = _Page(
        response.headers.get("ETag", ""),
        tuple(_read(repository, each) for each in body),
        _following(response),
    )
    with _lock:
        _pages.pop(key, None)
        if page.etag:
            _pages[key] = page
    return page


def _following(response: httpx.Response) -> str:
    """The next page, below the API's address; the token goes nowhere else."""
    address = response.links.get("next", {}).get("url", "")
    return f"/{address.removeprefix(wire.api())}" if address.startswith(f"{wire.api()}/") else ""


def _read(repository: Repository, pull: object) -> Event:
    try:
        return found_pull_request(repository.full_name, pull if isinstance(pull, dict) else {})
    except MalformedPayload as problem:
        raise wire.odd(repository.full_name, str(problem)) from problem

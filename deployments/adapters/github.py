"""GitHub's REST API: the pull requests that are open, and what became of one.

An unchanged list costs nothing of the rate limit, since its ETag is remembered:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

import math
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

import httpx
from django.utils import timezone

from ..config import config
from ..errors import PlatformError
from ..models import Repository
from ..payloads import Event, MalformedPayload, found_pull_request

_PAGE = 100
#: More open pull requests than these pages hold are not compared.
_MAX_PAGES = 20
#: Where GitHub does not say how long to wait:
#: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
_WAIT = timedelta(minutes=1)
_TIMEOUT = httpx.Timeout(20, connect=5)


@dataclass(frozen=True)
class _Page:
    etag: str
    pulls: tuple[Event, ...]
    following: str


@dataclass
class _Memory:
    """What this process knows of GitHub; losing it costs requests and nothing else."""

    #: By address.
    pages: dict[str, _Page] = field(default_factory=dict)
    #: GitHub has asked for silence until then. The limit is the token's, and not a repository's.
    silent_until: datetime | None = None


_memory = _Memory()
_lock = threading.Lock()


def is_home_of(repository: Repository) -> bool:
    """Whether the repository is on the GitHub whose API the settings name."""
    ours, its = urlsplit(config().github_url), urlsplit(repository.clone_url)
    return its.scheme == ours.scheme and bool(its.netloc) and its.netloc == ours.netloc


def open_pull_requests(repository: Repository) -> list[Event]:
    """Every open pull request, as events without an action.

    Raises PlatformError where the list cannot be had as a whole.
    """
    address = f"{_pulls_of(repository)}?state=open&per_page={_PAGE}"
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
    response = _get(repository, f"{_pulls_of(repository)}/{number}", {})
    return _read(repository, response.json())


def _pulls_of(repository: Repository) -> str:
    return f"{config().github_api_url.rstrip('/')}/repos/{repository.full_name}/pulls"


def _page(repository: Repository, address: str) -> _Page:
    with _lock:
        known = _memory.pages.get(address)
    response = _get(repository, address, {"If-None-Match": known.etag} if known else {})
    if response.status_code == httpx.codes.NOT_MODIFIED and known:
        return known
    body = response.json()
    if not isinstance(body, list):
        raise _odd(repository, "its list of pull requests is none")
    page = _Page(
        response.headers.get("ETag", ""),
        tuple(_read(repository, each) for each in body),
        _following(response),
    )
    with _lock:
        _memory.pages.pop(address, None)
        if page.etag:
            _memory.pages[address] = page
    return page


def _following(response: httpx.Response) -> str:
    """The next page's address; the token goes nowhere but to the API."""
    address = response.links.get("next", {}).get("url", "")
    return address if address.startswith(f"{config().github_api_url.rstrip('/')}/") else ""


def _read(repository: Repository, pull: object) -> Event:
    try:
        return found_pull_request(repository.full_name, pull if isinstance(pull, dict) else {})
    except MalformedPayload as problem:
        raise _odd(repository, str(problem)) from problem


def _get(repository: Repository, address: str, headers: dict[str, str]) -> httpx.Response:
    _check_silence()
    if config().github_token:
        headers = headers | {"Authorization": f"Bearer {config().github_token}"}
    try:
        response = _client().get(address, headers=headers)
        if response.status_code in {httpx.codes.OK, httpx.codes.NOT_MODIFIED}:
            if response.content:
                response.json()
            return response
    except httpx.HTTPError as problem:
        text = str(problem) or type(problem).__name__
        raise PlatformError(f"GitHub was not reached: {text}", retry=True) from problem
    except ValueError as problem:
        raise _odd(repository, "it is not JSON") from problem
    raise _refusal(repository, response)


def _check_silence() -> None:
    now = timezone.now()
    until = _memory.silent_until
    if until is not None and now < until:
        minutes = math.ceil((until - now).total_seconds() / 60)
        raise PlatformError(
            f"GitHub's rate limit is used up: pull requests are compared again in {minutes} min.",
            hint="" if config().github_token else "EDAHA_GITHUB_TOKEN raises the limit.",
            retry=True,
        )


def _refusal(repository: Repository, response: httpx.Response) -> PlatformError:
    code, name = response.status_code, repository.full_name
    if code in {403, 429} and (wait := _asked_to_wait(response)):
        _memory.silent_until = timezone.now() + wait
        try:
            _check_silence()
        except PlatformError as problem:
            return problem
    if code in {401, 403}:
        return PlatformError(
            f"GitHub refused to list the pull requests of {name} ({code}).",
            hint="Give EDAHA_GITHUB_TOKEN the permission “Pull requests: read”.",
        )
    if code in {301, 302, 307, 308, 404}:
        return PlatformError(
            f"GitHub shows no repository {name} here ({code}).",
            hint="Was it renamed? Or EDAHA_GITHUB_TOKEN may not read its pull requests.",
        )
    return PlatformError(f"GitHub answered {code} about {name}.", retry=code >= 500)


def _asked_to_wait(response: httpx.Response) -> timedelta:
    """How long GitHub wants to be left alone; zero where it is about something else."""
    headers = response.headers
    if (seconds := headers.get("Retry-After", "")).isdecimal():
        return timedelta(seconds=min(max(1, int(seconds)), 3600))
    if headers.get("X-RateLimit-Remaining") == "0":
        reset = headers.get("X-RateLimit-Reset", "")
        left = int(reset) - timezone.now().timestamp() if reset.isdecimal() else 0
        # Never for longer than GitHub counts: an hour.
        return max(_WAIT, timedelta(seconds=min(left + 1, 3600)))
    return _WAIT if response.status_code == httpx.codes.TOO_MANY_REQUESTS else timedelta(0)


def _odd(repository: Repository, what: str) -> PlatformError:
    return PlatformError(
        f"GitHub's answer about {repository.full_name} cannot be read: {what}.", retry=True
    )


@cache
def _client() -> httpx.Client:
    return httpx.Client(
        timeout=_TIMEOUT,
        headers={
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "edaha",
        },
    )

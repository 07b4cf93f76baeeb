"""One request to GitHub, and what its answer means. Nobody's secret is in any text from here."""

import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from ...config import config
from ...errors import PlatformError
from .limits import Account
from .problems import Conflict, Invalid, NotFound, Unauthorised

_TIMEOUT = httpx.Timeout(20, connect=5)
#: Of one answer, unpacked: a page of a hundred of the longest comments is a fifth of it. And how
#: many seconds it may take to come in.
ANSWER_MAX, ANSWER_SECONDS = 32 * 1024 * 1024, 60.0
#: They tell of the bytes on their way, and no longer of what was read.
_OF_THE_WAY = {"content-encoding", "content-length", "transfer-encoding"}
_READING = {"GET", "HEAD"}
_MOVED = {301, 302, 307, 308}


@dataclass(frozen=True)
class Caller:
    """In whose name GitHub is asked, and by which token; an empty one is anonymous."""

    account: Account
    token: str = field(repr=False)
    #: Whether a refused token is worth another one.
    is_renewable: bool = False


@dataclass(frozen=True)
class Call:
    """What is asked. `subject` is what people know it by, such as OWNER/NAME."""

    method: str
    #: Below the API's address.
    path: str
    subject: str
    body: Any = None
    params: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    is_background: bool = False
    #: Whether it changes something that others see: those come one after the other.
    is_paced: bool = True

    @property
    def address(self) -> str:
        """Raises PlatformError where a name in the path would lead to somewhere else."""
        if {".", ".."} & set(self.path.partition("?")[0].split("/")):
            raise PlatformError(f"GitHub is not asked for {self.path}: it leads elsewhere.")
        return f"{api()}{self.path}"

    @property
    def changes_something(self) -> bool:
        return self.is_paced and self.method not in _READING


def api() -> str:
    return config().github_api_url.rstrip("/")


def send(caller: Caller, call: Call) -> httpx.Response:
    """The answer, if it is a good one or 304. Raises what `problems` has, or PlatformError."""
    caller.account.check(is_background=call.is_background)
    if not call.changes_something:
        return _sent(caller, call)
    with caller.account.turn():
        # While others were before it, a limit may have been met.
        caller.account.check(is_background=call.is_background)
        return _sent(caller, call)


def _sent(caller: Caller, call: Call) -> httpx.Response:
    headers = dict(call.headers)
    if caller.token:
        headers["Authorization"] = f"Bearer {caller.token}"
    try:
        with client().stream(
            call.method, call.address, json=call.body, params=call.params, headers=headers
        ) as streamed:
            response = _read(call, streamed)
    except httpx.HTTPError as problem:
        text = str(problem) or type(problem).__name__
        raise PlatformError(f"GitHub was not reached: {text}", retry=True) from problem
    caller.account.hear(response)
    if response.is_success or response.status_code == httpx.codes.NOT_MODIFIED:
        _check_json(call, response)
        return response
    raise _refusal(call, response)


def _read(call: Call, streamed: httpx.Response) -> httpx.Response:
    """The whole answer, unless it is too large or too slow."""
    content, ends = bytearray(), time.monotonic() + ANSWER_SECONDS
    for part in streamed.iter_bytes():
        content += part
        if len(content) > ANSWER_MAX:
            raise odd(call.subject, f"it is larger than {ANSWER_MAX >> 20} MB")
        if time.monotonic() > ends:
            raise odd(call.subject, f"it took longer than {ANSWER_SECONDS:.0f} s to come in")
    headers = [each for each in streamed.headers.multi_items() if each[0] not in _OF_THE_WAY]
    return httpx.Response(
        streamed.status_code, headers=headers, content=bytes(content), request=streamed.request
    )


def _check_json(call: Call, response: httpx.Response) -> None:
    if not response.content:
        return
    try:
        response.json()
    except ValueError as problem:
        raise odd(call.subject, "it is not JSON") from problem


def odd(subject: str, what: str) -> PlatformError:
    return PlatformError(f"GitHub's answer about {subject} cannot be read: {what}.", retry=True)


def _refusal(call: Call, response: httpx.Response) -> PlatformError:
    code, subject = response.status_code, call.subject
    asked = f"{call.method} {call.address.removeprefix(api()).partition('?')[0]}"
    if code == 401:
        return Unauthorised(
            f"GitHub takes the token for {subject} for invalid (401).",
            hint="Has EDAHA_GITHUB_TOKEN expired? Or the App's private key been deleted?",
        )
    if code == 403:
        return PlatformError(
            f"GitHub refused {asked} ({code}): {_said(response)}", hint=_needed(response)
        )
    if code in {404, 410} | _MOVED:
        return NotFound(
            f"GitHub shows no {asked.partition(' ')[2]} here ({code}).",
            hint="Was it renamed or removed? Or the App or EDAHA_GITHUB_TOKEN may not see it.",
        )
    if code == 409:
        return Conflict(f"GitHub refused {asked} ({code}): {_said(response)}")
    if code == 422:
        return Invalid(f"GitHub does not take {asked} ({code}): {_said(response)}")
    return PlatformError(f"GitHub answered {code} about {subject}.", retry=code >= 500)


def _said(response: httpx.Response) -> str:
    """GitHub's own words: its message, and what is wrong with which field."""
    try:
        body = response.json()
    except ValueError:
        return "no reason given"
    if not isinstance(body, dict):
        return "no reason given"
    words = [str(body.get("message") or "no reason given")]
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            parts = (error.get("field"), error.get("message") or error.get("code"))
            words.append(" ".join(str(part) for part in parts if part))
        else:
            words.append(str(error))
    return "; ".join(words)[:400]


def _needed(response: httpx.Response) -> str:
    # https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
    needed = response.headers.get("X-Accepted-GitHub-Permissions", "")
    if needed:
        return f"Give the GitHub App or EDAHA_GITHUB_TOKEN the permission: {needed[:200]}."
    return "Give the GitHub App or EDAHA_GITHUB_TOKEN the permissions that docs/github.md lists."


@cache
def client() -> httpx.Client:
    return httpx.Client(
        timeout=_TIMEOUT,
        headers={
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "edaha",
        },
    )

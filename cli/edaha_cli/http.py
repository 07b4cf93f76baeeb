"""HTTP with the standard library alone: what goes wrong is told with what to do about it."""

import json
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlencode, urlsplit

from .errors import CommandError, DeploymentFailed, NotAllowed, NotFound, Unreachable, Usage
from .safe import one_line

Json = dict[str, Any]
_SECONDS = 30.0
#: A stream says every 15 seconds that it is still there.
STREAM_SECONDS = 45.0
#: What a server may make one command wait for, all in all.
PATIENCE = 120.0
#: No answer that is read as a whole is larger.
_BYTES = 64 * 2**20
_KINDS: dict[int, type[CommandError]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    422: Usage,
}


@dataclass
class Call:
    """One request. A POST has a key, so that the server does once what is asked twice."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    seconds: float = _SECONDS
    #: Seconds that the server may make it wait.
    patience: float = PATIENCE
    #: Statuses that are answers like those that went well.
    expected: tuple[int, ...] = ()

    def with_json(self, body: Json | None) -> "Call":
        if self.method == "POST":
            self.headers["Idempotency-Key"] = str(uuid.uuid4())
        if body is not None:
            self.headers["Content-Type"], self.body = "application/json", json.dumps(body).encode()
        return self

    def with_form(self, **form: str) -> "Call":
        self.headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.body = urlencode(form).encode()
        return self

    def request(self) -> urllib.request.Request:
        # place.server lets http and https in alone.
        return urllib.request.Request(  # noqa: S310
            self.url, self.body, self.headers, method=self.method
        )


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token to another address."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def ask(call: Call) -> tuple[Any, str]:
    """The answer's JSON (None where it is empty) and its Link header."""
    with opened(call) as answer:
        text = answer.read(_BYTES)
        try:
            return json.loads(text) if text else None, answer.headers.get("Link", "")
        except ValueError:
            raise _no_edaha(call.url) from None


@contextmanager
def opened(call: Call) -> Iterator[HTTPResponse]:
    """The answer, once the server gives one; waits where it asks for that."""
    try:
        with _patiently(call) as answer:
            yield answer
    except (OSError, HTTPException) as problem:
        raise _silent(call, problem) from None


def _patiently(call: Call) -> Any:
    left = call.patience
    while True:
        try:
            answer = _opener.open(call.request(), timeout=call.seconds)
        except urllib.error.HTTPError as refused:
            if refused.code in call.expected:
                return refused
            with refused:
                seconds = _asked_to_wait(refused)
                if seconds is None or seconds > left:
                    raise _problem(call.url, refused) from None
            left -= seconds
            _wait(seconds, refused.code)
        else:
            return answer


def _asked_to_wait(refused: urllib.error.HTTPError) -> float | None:
    """Seconds; None where it makes no sense to ask once more."""
    told = refused.headers.get("Retry-After", "")
    if refused.code not in (429, 503) or not (told.isascii() and told.isdigit()):
        return None
    return max(1.0, float(told[:9]))


def _wait(seconds: float, code: int) -> None:
    why = "has been asked too often" if code == 429 else "is not ready"
    print(f"The server {why}: waiting {seconds:g} s, as it says.", file=sys.stderr, flush=True)
    time.sleep(seconds)


def _problem(url: str, refused: urllib.error.HTTPError) -> CommandError:
    if 300 <= refused.code < 400:
        to = one_line(refused.headers.get("Location", ""))[:200]
        return Unreachable(
            f"{_origin(url)} sends us on to {to}, where the token does not go.",
            "Say the address of Edaha itself. Where a sign-in page is in front of it, let /api/ "
            "and /terminal/ through.",
        )
    try:
        told = json.loads(refused.read(_BYTES))
        detail, hint = str(told["detail"]), str(told.get("hint", ""))
    except (ValueError, KeyError, TypeError, AttributeError, OSError, HTTPException):
        return _without_detail(url, refused)
    if refused.code == 401:
        detail, hint = "The token is not valid: it may have ended, or been revoked.", _SIGN_IN
    if refused.code >= 500 or refused.code == 429:
        return Unreachable(detail, hint)
    return _KINDS.get(refused.code, DeploymentFailed)(detail, hint)


_SIGN_IN = "Run `edaha login`; or put a new one into EDAHA_TOKEN, if that is set."


def _without_detail(url: str, refused: urllib.error.HTTPError) -> CommandError:
    if refused.code in (404, 405):
        return _no_edaha(url)
    said = f"{_origin(url)} answers {refused.code} {one_line(refused.reason)}."
    kind = Unreachable if refused.code >= 500 or refused.code == 429 else DeploymentFailed
    return _KINDS.get(refused.code, kind)(said)


def _no_edaha(url: str) -> CommandError:
    return Unreachable(
        f"What answers at {_origin(url)} is not Edaha.",
        "Compare the address with the one that you open in a browser: --server, EDAHA_SERVER, or "
        "git's edaha.server.",
    )


def _silent(call: Call, problem: Exception) -> Unreachable:
    reason = getattr(problem, "reason", problem)
    where = _origin(call.url)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Unreachable(
            f"The certificate of {where} is not to be trusted: {reason.verify_message}.",
            "If your company has an authority of its own, name its file in SSL_CERT_FILE.",
        )
    if isinstance(reason, ssl.SSLError):
        return Unreachable(f"{where} does not speak TLS as it should: {reason.reason}.")
    if isinstance(reason, socket.gaierror):
        return Unreachable(f"There is no {where}: {reason.strerror}.", "Are you in the network?")
    if isinstance(reason, TimeoutError):
        return Unreachable(f"{where} does not answer within {call.seconds:g} seconds.")
    return Unreachable(f"{where} does not answer: {one_line(reason) or type(reason).__name__}")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

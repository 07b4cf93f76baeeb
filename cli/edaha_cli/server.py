"""Edaha's API over HTTP, with the standard library alone."""

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

from .errors import CommandError, DeploymentFailed, NotAllowed, NotFound, Unreachable, Usage

Json = dict[str, Any]
_SECONDS = 30
#: What a server may make one call wait for, all in all.
_PATIENCE = 120
_KINDS: dict[int, type[CommandError]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    422: Usage,
    429: Unreachable,
}


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token to another address."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


@dataclass
class Server:
    """One installation, asked with one token; `token` is called for each request, since those
    of GitHub Actions are valid for minutes only."""

    address: str
    token: Callable[[], str]

    def ask(self, path: str, method: str = "GET", body: Json | None = None, **query: Any) -> Any:
        return self._ask(path, method, body, query)[0]

    def branches(self, **query: Any) -> list[Json]:
        """Every page of them."""
        found: list[Json] = []
        while True:
            more = {"after": found[-1]["id"]} if found else {}
            page, link = self._ask("/branches", "GET", None, {"limit": 1000} | query | more)
            found += page
            if not page or 'rel="next"' not in link:
                return found

    def branch(self, repository: str, name: str) -> Json:
        """The one of that name: the repository's own rather than a fork's, the newest one."""
        rows = self.branches(repository=repository, name=name)
        if not rows:
            raise NotFound(
                f"{repository} has no preview of {name} at {self.address}.",
                "Push the branch, or open a pull request of it; `edaha list` says which there are.",
            )
        return max(rows, key=lambda row: (not row["is_fork"], row["id"]))

    def log(self, deployment: int, after: int) -> list[Json]:
        lines: list[Json] = self.ask(f"/deployments/{deployment}/log", after=after)
        return lines

    def _ask(self, path: str, method: str, body: Json | None, query: Json) -> tuple[Any, str]:
        address = f"{self.address}/api/v1{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": f"Bearer {self.token()}", "Accept": "application/json"}
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        request = urllib.request.Request(address, data, headers, method=method)  # noqa: S310 (place.server lets http and https in alone)
        try:
            with self._patiently(request) as answer:
                return json.load(answer), answer.headers.get("Link", "")
        except urllib.error.HTTPError as refused:
            with refused:
                raise _problem(self.address, refused) from None
        except (OSError, HTTPException) as problem:
            reason = getattr(problem, "reason", problem)
            raise Unreachable(f"{self.address} does not answer: {reason}") from None
        except ValueError:
            raise Unreachable(f"What answers at {self.address} is not Edaha.") from None

    def _patiently(self, request: urllib.request.Request) -> Any:
        """The answer; where the server says when to come again, that is done."""
        left = _PATIENCE
        while True:
            try:
                return _opener.open(request, timeout=_SECONDS)
            except urllib.error.HTTPError as refused:
                told = refused.headers.get("Retry-After", "")
                seconds = max(1, int(told[:9])) if told.isascii() and told.isdigit() else 0
                if refused.code not in (429, 503) or not seconds or seconds > left:
                    raise
                refused.close()
            left -= seconds
            time.sleep(seconds)


def _problem(address: str, refused: urllib.error.HTTPError) -> CommandError:
    try:
        told = json.load(refused)
        detail, hint = str(told["detail"]), str(told.get("hint", ""))
    except (ValueError, KeyError, TypeError, AttributeError, OSError, HTTPException):
        detail, hint = f"{address} answers {refused.code} {refused.reason}.", ""
    if 300 <= refused.code < 400 or refused.code >= 500:
        return Unreachable(detail, hint)
    return _KINDS.get(refused.code, DeploymentFailed)(detail, hint)

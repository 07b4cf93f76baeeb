"""The token by which GitHub vouches for a run of a workflow."""

import json
import os
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from urllib.parse import urlencode

from edaha_cli import place
from edaha_cli.errors import NotAllowed
from edaha_cli.server import Server

from . import runner

#: GitHub's tokens are valid for five minutes.
_RENEWED_AFTER = 120.0
#: GitHub's own service is away for a moment now and then.
_PAUSES = (1.0, 3.0, 10.0)


def server() -> Server:
    """Edaha, asked as this run of the workflow."""
    address = place.server(runner.given("EDAHA_SERVER"))
    return Server(address, Token(address))


class Token:
    """GitHub's token for one audience, asked for anew before it is too old."""

    def __init__(self, audience: str) -> None:
        self._audience, self._token, self._asked_at = audience, "", 0.0

    def __call__(self) -> str:
        if not self._token or time.monotonic() - self._asked_at > _RENEWED_AFTER:
            self._token, self._asked_at = self._ask(), time.monotonic()
            runner.mask(self._token)
        return self._token

    def _ask(self) -> str:
        request = self._request()
        for pause in (*_PAUSES, None):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 (_request checks it)  # nosec B310
                    return str(json.load(answer)["value"])
            except (OSError, HTTPException, ValueError, KeyError) as problem:
                if pause is None or not _passes(problem):
                    said = f"GitHub gives this run no token: {problem}"
                    raise NotAllowed(said, _PERMISSION) from None
                time.sleep(pause)
        raise AssertionError

    def _request(self) -> urllib.request.Request:
        address = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", "")
        if not address.startswith(("https://", "http://")):
            raise NotAllowed("GitHub gives this run no token.", _PERMISSION)
        joint = "&" if "?" in address else "?"
        return urllib.request.Request(  # noqa: S310 (checked above)
            f"{address}{joint}{urlencode({'audience': self._audience})}",
            headers={
                "Authorization": f"Bearer {os.environ.get('ACTIONS_ID_TOKEN_REQUEST_TOKEN', '')}"
            },
        )


_PERMISSION = (
    "Write `permissions: {id-token: write}` into the job. Pull requests from forks get none."
)


def _passes(problem: Exception) -> bool:
    """Whether it may go better in a moment."""
    if isinstance(problem, urllib.error.HTTPError):
        return problem.code in (408, 429) or problem.code >= 500
    return isinstance(problem, (OSError, HTTPException))

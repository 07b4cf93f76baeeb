"""Waits for the preview of a commit, by the token that GitHub gives this run of a workflow.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands says how
results, annotations and masks are written.
"""

import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "cli"))

from edaha_cli import place
from edaha_cli.errors import CommandError, NotAllowed, Usage
from edaha_cli.following import ARRIVED, Wait
from edaha_cli.progress import Progress
from edaha_cli.safe import harmless, one_line
from edaha_cli.server import Json, Server

#: GitHub's tokens are valid for five minutes.
_RENEWED_AFTER = 120.0


class Token:
    """GitHub's token for one audience, asked for anew before it is too old."""

    def __init__(self, audience: str) -> None:
        self._audience, self._token, self._asked_at = audience, "", 0.0

    def __call__(self) -> str:
        if not self._token or time.monotonic() - self._asked_at > _RENEWED_AFTER:
            self._token, self._asked_at = self._ask(), time.monotonic()
            print(f"::add-mask::{self._token}", flush=True)
        return self._token

    def _ask(self) -> str:
        address = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", "")
        if not address.startswith(("https://", "http://")):
            raise NotAllowed(
                "GitHub gives this run no token.",
                "Write `permissions: {id-token: write}` into the job. Pull requests from forks "
                "get none.",
            )
        joint = "&" if "?" in address else "?"
        request = urllib.request.Request(  # noqa: S310 (checked above)
            f"{address}{joint}{urlencode({'audience': self._audience})}",
            headers={"Authorization": f"Bearer {os.environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return str(json.load(answer)["value"])
        except (OSError, ValueError, KeyError) as problem:
            raise NotAllowed(f"GitHub gives this run no token: {problem}") from None


def main() -> int:
    try:
        return preview()
    except CommandError as problem:
        complain(problem.message, problem.hint)
        return problem.code


def preview() -> int:
    address = place.server(os.environ["EDAHA_SERVER"])
    server = Server(address, Token(address))
    repository, name = os.environ["GITHUB_REPOSITORY"], os.environ["EDAHA_BRANCH"]
    commit = os.environ["EDAHA_COMMIT"]
    ended = Wait(server, repository, name, _seconds(), commit).until_ended(Progress())
    give("state", ended["state"])
    give("deployment", ended["id"])
    if ended["state"] not in ARRIVED:
        what = ended["error"] or f"Deployment {ended['id']} is {ended['state']}."
        complain(what, ended["hint"])
        return 1
    url = one_line(server.branch(repository, name)["url"])
    give("url", url)
    summarise(f"Preview of `{_code(commit[:12])}`: <{url}>")
    print(url)
    return 0


def _seconds() -> float:
    try:
        return float(os.environ["EDAHA_TIMEOUT"]) * 60
    except ValueError:
        raise Usage("timeout is not a number of minutes.") from None


def complain(message: str, hint: str) -> None:
    """An annotation and the summary say what failed."""
    said = harmless("\n".join(filter(None, [message, hint]))).strip()
    data = said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::error title=No preview::{data}", flush=True)
    quoted = "\n".join(f"    {line}" for line in said.splitlines())
    summarise(f"No preview:\n\n{quoted}")


def give(name: str, value: Json | str | int) -> None:
    """An output; the mark around it is one that nobody can know before."""
    mark = secrets.token_hex(16)
    _append("GITHUB_OUTPUT", f"{name}<<{mark}\n{one_line(value)}\n{mark}\n")


def summarise(text: str) -> None:
    _append("GITHUB_STEP_SUMMARY", f"{text}\n")


def _code(text: str) -> str:
    return one_line(text).replace("`", "")


def _append(variable: str, text: str) -> None:
    if path := os.environ.get(variable):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    sys.exit(main())

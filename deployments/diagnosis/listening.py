"""Where an application says that it listens, in its own log."""

import re
from collections.abc import Iterable
from typing import NamedTuple

_HOST = r"(?P<host>\[[0-9a-f:]+\]|[\w.-]+|\*)?"
#: `Listening on http://127.0.0.1:3000`, `Running on http://0.0.0.0:5000`,
#: `Server started on port 8080`, `Uvicorn running on …`, `Tomcat started on port 8080`
_LISTENING = re.compile(
    r"\b(?:listen(?:s|ing)?|running|started|serving|ready|bound|available|local(?=:))\b.{0,60}?"
    rf"(?:\b(?:https?|tcp)://{_HOST}:|\bport[ :=]+|(?P<address>(?:\d+\.){{3}}\d+|localhost|"
    r"\[::\d?\]|\*):|[\s(]:)(?P<port>\d{2,5})\b",
    re.IGNORECASE,
)
_INSIDE = ("127.", "localhost", "[::1]")


class Listening(NamedTuple):
    """A port, and whether only the container itself can reach it."""

    port: int
    is_inside_only: bool


def listening(printed: Iterable[str]) -> Listening | None:
    """Where the application listens, by the last line that says so."""
    found = None
    for line in printed:
        if match := _LISTENING.search(line[:500]):
            host = match["host"] or match["address"] or ""
            found = Listening(int(match["port"]), host.lower().startswith(_INSIDE))
    return found

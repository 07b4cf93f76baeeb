"""What people see at once: in colours where a terminal shows it, always harmless."""

import json
import os
import shutil
import sys
from typing import Any, TextIO

from .safe import harmless, one_line
from .server import Json

_COLOURS = {
    "live": "32",
    "failed": "31",
    "cancelled": "31",
    "superseded": "33",
    "destroyed": "2",
    "retired": "2",
}
_MOVING = "36"


def is_plain(stream: TextIO) -> bool:
    """No terminal, or one whose person wants no colours: https://no-color.org."""
    is_dumb = os.environ.get("NO_COLOR") or os.environ.get("TERM", "") in ("", "dumb")
    return bool(is_dumb) or not stream.isatty()


def coloured(text: str, state: str, stream: TextIO) -> str:
    if is_plain(stream):
        return text
    return f"\x1b[{_COLOURS.get(state, _MOVING)}m{text}\x1b[0m"


def as_json(value: Any) -> None:
    print(json.dumps(value, indent=2))


def status(branch: Json) -> None:
    state = one_line(branch["state"])
    print(f"{one_line(branch['repository'])} {one_line(branch['name'])}")
    print(f"  state    {coloured(state, state, sys.stdout)}")
    for word, key in (("title", "title"), ("author", "author"), ("commit", "commit")):
        if branch[key]:
            print(f"  {word:<8} {_short(one_line(branch[key]))}")
    if branch["live"]:
        print(f"  url      {one_line(branch['url'])}")
    if branch["waiting_for"]:
        print(f"  waits    for {one_line(branch['waiting_for'])}")
    if branch["expires_at"]:
        print(f"  expires  {one_line(branch['expires_at'])}")
    if branch["deployment"]:
        failure(branch["deployment"], sys.stdout)


def failure(deployment: Json, stream: TextIO) -> None:
    for word in ("error", "hint"):
        if deployment[word]:
            print(f"  {word:<8} {harmless(deployment[word])}", file=stream)


def table(branches: list[Json]) -> None:
    """A line each; in a narrow terminal the addresses go first, then names are cut."""
    names = [one_line(row["name"]) for row in branches]
    longest = max(map(len, names), default=0)
    room = max(10, min(longest, shutil.get_terminal_size().columns - 13))
    for name, row in zip(names, branches, strict=True):
        state = one_line(row["state"])
        cut = name if len(name) <= room else f"{name[: room - 1]}…"
        line = f"{coloured(f'{state:<11}', state, sys.stdout)} {cut:<{room}}"
        url = one_line(row["url"]) if row["live"] else ""
        fits = 13 + room + len(url) <= shutil.get_terminal_size().columns
        print(f"{line} {url}".rstrip() if fits or not sys.stdout.isatty() else line.rstrip())


def _short(text: str) -> str:
    room = max(20, shutil.get_terminal_size().columns - 12)
    return text if len(text) <= room or not sys.stdout.isatty() else f"{text[: room - 1]}…"

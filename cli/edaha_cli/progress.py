"""A deployment on its way: a live view of its steps in a terminal, or a line for each change.

A library for this (rich) would be the command's only dependency, and one of the composite action,
which runs this without installing anything. What is needed of it are these few lines.
"""

import shutil
import sys
import time
import unicodedata
from datetime import UTC, datetime

from .errors import CommandError
from .safe import one_line
from .server import Json, Server
from .show import coloured, is_plain

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_TICK = 0.2
#: Steps that are shown together: the last ones.
_MOST = 10


class Progress:
    """Says once, to stderr, each thing that a deployment comes to."""

    def __init__(self, server: Server | None = None) -> None:
        self._said = ""
        self._steps: set[int] = set()
        self._server = server

    def __call__(self, deployment: Json) -> None:
        said = summary(deployment)
        if said != self._said:
            self._said = said
            self._say(coloured(said, one_line(deployment["state"]), sys.stderr))
        if self._server is not None:
            for step in steps_of(self._server, deployment).get("steps", []):
                self._tell(step)

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        """Nothing is left to clean up."""

    def _tell(self, step: Json) -> None:
        if step["completed_at"] and step["number"] not in self._steps:
            self._steps.add(step["number"])
            self._say(f"  #{step['number']} {one_line(step['name'])} {_took(step)}")

    def _say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


class Live:
    """The same in a terminal: the newest steps, drawn anew in place until it has ended."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._drawn = 0
        self._deployment: Json = {}
        self._progress: Json = {}
        self._began = time.monotonic()

    def __call__(self, deployment: Json) -> None:
        self._deployment = deployment
        self._progress = steps_of(self._server, deployment)
        self._draw()

    def pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(_TICK, left))
            self._draw()

    def close(self) -> None:
        """Leave one line behind."""
        self._erase()
        if self._deployment:
            state = one_line(self._deployment["state"])
            took = duration(time.monotonic() - self._began)
            print(f"{coloured(state, state, sys.stderr)} after {took}", file=sys.stderr, flush=True)

    def _draw(self) -> None:
        if not self._deployment:
            return
        columns, rows = shutil.get_terminal_size()
        lines = [self._head(), *map(_line, self._shown(rows))]
        cut = [fitting(line, columns - 1) for line in lines]
        state = one_line(self._deployment["state"])
        cut[0] = coloured(cut[0], state, sys.stderr)
        self._erase()
        sys.stderr.write("".join(f"{line}\n" for line in cut))
        sys.stderr.flush()
        self._drawn = len(cut)

    def _erase(self) -> None:
        if self._drawn:
            sys.stderr.write(f"\x1b[{self._drawn}A\r\x1b[J")
            self._drawn = 0

    def _head(self) -> str:
        told = self._progress
        parts = [f"{_spinner()} {summary(self._deployment)}"]
        if told.get("of"):
            parts.append(f"step {told['step']} of {told['of']}")
        if left := _left(told.get("ends_at")):
            parts.append(left)
        return " · ".join(parts)

    def _shown(self, rows: int) -> list[Json]:
        steps: list[Json] = [each for each in self._progress.get("steps", []) if each["started_at"]]
        return steps[-max(1, min(_MOST, rows - 3)) :]


def view(server: Server) -> Progress | Live:
    """What fits what stderr is."""
    return Progress(server) if is_plain(sys.stderr) else Live(server)


def steps_of(server: Server, deployment: Json) -> Json:
    """Empty where the server cannot tell, which is no reason to stop waiting."""
    try:
        told = server.ask(f"/deployments/{deployment['id']}/progress")
    except CommandError:
        return {}
    return told if isinstance(told, dict) else {}


def summary(deployment: Json) -> str:
    waiting = one_line(deployment["waiting_for"])
    state = one_line(deployment["state"])
    return f"{state}: {waiting}" if waiting else state


def duration(seconds: float) -> str:
    whole = max(0, round(seconds))
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"


def width(text: str) -> int:
    """Columns in a terminal: Chinese and Japanese letters take two, combining marks none."""
    return sum(map(_columns, text))


def fitting(text: str, columns: int) -> str:
    """As much of one line as fits."""
    if width(text) <= columns:
        return text
    taken, room = "", max(1, columns) - 1
    for letter in text:
        room -= _columns(letter)
        if room < 0:
            break
        taken += letter
    return f"{taken}…"


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _line(step: Json) -> str:
    mark = "✗" if step["error"] else "✓" if step["completed_at"] else _spinner()
    return f"  {mark} {_took(step):>10}  {one_line(step['name'])}"


def _spinner() -> str:
    return _FRAMES[int(time.monotonic() / _TICK) % len(_FRAMES)]


def _took(step: Json) -> str:
    if step["cached"]:
        return "cached"
    began = _time(step["started_at"])
    ended = _time(step["completed_at"]) or datetime.now(UTC)
    return duration((ended - began).total_seconds()) if began else ""


def _left(ends_at: object) -> str:
    """Empty where nobody knows, or where it is taking longer already."""
    ends = _time(ends_at)
    seconds = (ends - datetime.now(UTC)).total_seconds() if ends else 0.0
    if seconds < 1:
        return ""
    rounded = seconds if seconds < 20 else 10 * round(seconds / 10)
    return f"about {duration(rounded)} left"


def _time(text: object) -> datetime | None:
    """None for what is no time with a zone."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None

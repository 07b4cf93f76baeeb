"""What a container prints, part after part for whoever asks again: nothing is kept in between.

A secret that is cut by the end of a part is not told by halves: what may be the beginning of one is
held back and goes along in the cursor, encrypted.
"""

import json
from typing import Any, NamedTuple

from deployments import sealing
from deployments.adapters import logs
from deployments.models import Branch
from deployments.pipeline import secrets
from deployments.redaction import STARS, Stream

from .outputs import Output

#: A cursor stands in an address: longer ones are not taken everywhere.
_LONGEST = 6_000


class Part(NamedTuple):
    #: Seconds since the epoch, and the text.
    lines: list[tuple[float, str]]
    cursor: str


NOTHING = Part([], "")


class NotACursor(Exception):
    """Nobody made this cursor, or it is of another output."""


class _Place(NamedTuple):
    #: Where CloudWatch goes on.
    token: str
    held: list[tuple[str, float]]
    covered: int


def newest(branch: Branch, output: Output, limit: int) -> Part:
    """The newest lines. Raises PlatformError."""
    part = logs.read(output.group, output.stream, limit=limit)
    return _told(branch, output, part, _Place("", [], 0))


def following(branch: Branch, output: Output, cursor: str) -> Part:
    """What came since. Raises PlatformError, NotACursor."""
    place = _place(output, cursor)
    return _told(branch, output, logs.read(output.group, output.stream, place.token), place)


def _told(branch: Branch, output: Output, part: logs.Part, place: _Place) -> Part:
    stream = Stream.resumed(secrets.redactor(branch), place.held, place.covered)
    shown = [line for at, text in part.lines for line in stream.feed(text, at / 1000)]
    if not part.lines:
        # What was held for a line to follow is not held for longer.
        shown += stream.finish()
    held, covered = stream.standing
    cursor = _cursor(output, _Place(part.token, held, covered))
    if len(cursor) > _LONGEST:
        shown += [(STARS, at) for _text, at in held]
        cursor = _cursor(output, _Place(part.token, [], 0))
    return Part([(at, text) for text, at in shown], cursor)


def _cursor(output: Output, place: _Place) -> str:
    return sealing.seal(json.dumps([output.group, output.stream, *place]))


def _place(output: Output, cursor: str) -> _Place:
    try:
        group, stream, token, held, covered = json.loads(sealing.unseal(cursor))
    except (sealing.Unreadable, ValueError) as problem:
        raise NotACursor from problem
    if (group, stream) != (output.group, output.stream):
        raise NotACursor
    return _Place(token, [_line(each) for each in held], covered)


def _line(pair: list[Any]) -> tuple[str, float]:
    text, at = pair
    return str(text), float(at)

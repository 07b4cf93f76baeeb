"""A deployment's log as pages read it: by line number, and searched as a whole.

Nothing here holds more than a few chunks at a time, however long the log is.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.safestring import SafeString

from deployments.models import LogChunk

from .ansi import to_html, to_text

#: Lines that a browser asks for, holds and lets go of together; static/log/reader.js knows it too.
BLOCK = 200
#: Matches whose numbers are told; all of them are counted.
MATCHES = 20_000

#: Seconds since the epoch, step, text: as `LogChunk.lines` has it.
Line = list[Any]


class Found(NamedTuple):
    """Where some words stand in a log."""

    #: Numbers of the lines, in order.
    lines: list[int]
    #: How many there are, those that are not told included.
    total: int
    #: The last line that was looked at: a later search may go on behind it.
    last: int


def behind(deployment_id: int, after: int) -> QuerySet[LogChunk]:
    """The chunks that hold the lines behind number `after`, in order."""
    rows = LogChunk.objects.filter(deployment=deployment_id)
    holds_next = rows.filter(first__lte=after + 1).order_by("-first").values("first")[:1]
    return rows.filter(first__gte=Coalesce(Subquery(holds_next), 0)).order_by("first")


def last_number(deployment_id: int) -> int:
    """The number of the last line; 0 where there is none yet."""
    chunk = LogChunk.objects.filter(deployment=deployment_id).order_by("-first").first()
    return chunk.last if chunk else 0


def before_tail(deployment_id: int) -> int:
    """The line behind which the last whole block begins, and what follows it."""
    last = last_number(deployment_id)
    return max(0, (last - 1) // BLOCK - 1) * BLOCK


def lines(deployment_id: int, first: int, count: int) -> list[Line]:
    """`count` lines from number `first` on, or as many as there are.

    A line that could not be stored is an empty one, so that the numbers of the others are right.
    """
    end = first + count
    found: list[Line] = []
    for chunk in behind(deployment_id, first - 1).filter(first__lt=end).iterator():
        for number, line in enumerate(chunk.lines, start=chunk.first):
            if first <= number < end:
                found += [[0, 0, ""]] * (number - first - len(found))
                found.append(line)
    return found


def numbered(deployment_id: int, first: int, count: int) -> list[tuple[int, SafeString]]:
    """The same, as numbers and HTML."""
    found = lines(deployment_id, first, count)
    return [(number, _safe(text)) for number, (_, _, text) in enumerate(found, first)]


def _safe(text: str) -> SafeString:
    # to_html has escaped it.
    return SafeString(to_html(text))  # nosec B703  nosemgrep: edaha-mark-safe


def as_json(first: int, lines: list[Line]) -> dict[str, Any]:
    """What a browser draws lines from: milliseconds since the epoch, steps, safe HTML."""
    return {
        "first": first,
        "at": [round(at * 1000) for at, _step, _text in lines],
        "steps": [step for _at, step, _text in lines],
        "html": [to_html(text) for _at, _step, text in lines],
    }


def search(deployment_id: int, words: str, after: int = 0) -> Found:
    """The lines behind number `after` that have `words` in them, in upper case or lower."""
    needle = words.lower()
    found: list[int] = []
    count, last = 0, after
    for chunk in behind(deployment_id, after).iterator(chunk_size=20):
        last = max(last, chunk.last)
        for number, (_at, _step, text) in enumerate(chunk.lines, start=chunk.first):
            if number > after and needle in _as_read(text).lower():
                count += 1
                if len(found) < MATCHES:
                    found.append(number)
    return Found(found, count, last)


def text_parts(deployment_id: int, after: int, chunks: int) -> tuple[str, int]:
    """Some chunks' worth of text behind line `after`, and the last line in it."""
    part: list[str] = []
    last = after
    for chunk in behind(deployment_id, after)[:chunks]:
        part += _texts(chunk, last)
        last = max(last, chunk.last)
    return "".join(part), last


def _texts(chunk: LogChunk, after: int) -> Iterator[str]:
    for _at, _step, text in chunk.lines[max(0, after + 1 - chunk.first) :]:
        yield f"{to_text(text)}\n"


def _as_read(text: str) -> str:
    # Most lines have neither colours nor a progress bar, and this is quick to see.
    has_moves = "\x1b" in text or "\r" in text or "\b" in text
    return to_text(text) if has_moves else text

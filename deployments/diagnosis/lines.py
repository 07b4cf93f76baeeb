"""The first real error among a log's lines: not a warning, not a heading, not the last one."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from .patterns import ERRORS, HEADINGS, NOISE, SUSPICIONS, TRACEBACK, TRACEBACK_END

#: Escape sequences of terminals: https://en.wikipedia.org/wiki/ANSI_escape_code
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
#: Nothing looks further, so that a line of any length costs little.
_READ, _LOOKED_AT = 4_000, 1_000


class Line(NamedTuple):
    """A line of a deployment's log."""

    number: int
    #: The step that printed it; 0 is Edaha's own voice.
    step: int
    text: str


def plain(text: str) -> str:
    """The text without escape sequences; of a progress bar what was shown last."""
    return _ESCAPES.sub("", text[:_READ]).rstrip("\r\n").rpartition("\r")[2]


def first_error(lines: Iterable[Line]) -> Line | None:
    """The line that tells what went wrong; None where no line says so.

    The first line that a known tool writes only when it fails; where there is none, the first
    one that sounds like an error. A Python traceback is told by its last line.
    """
    suspicion: Line | None = None
    is_in_traceback = False
    for line in lines:
        text = plain(line.text)[:_LOOKED_AT]
        if TRACEBACK.match(text):
            is_in_traceback = True
        elif is_in_traceback:
            if TRACEBACK_END.match(text):
                return line
            is_in_traceback = text.startswith((" ", "\t")) or not text.strip()
        elif ERRORS.fit(text):
            if not _only_looks_like_one(text):
                return line
        elif suspicion is None and SUSPICIONS.fit(text) and not _only_looks_like_one(text):
            suspicion = line
    return suspicion


def _only_looks_like_one(text: str) -> bool:
    return NOISE.fit(text) or HEADINGS.fit(text)

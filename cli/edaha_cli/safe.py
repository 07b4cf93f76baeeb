"""Texts from elsewhere, made harmless for a terminal."""

import re

#: CSI, OSC and other string sequences (ended by BEL or ST, or by nothing), then two-letter ones.
_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
#: Control characters but tab and line feed, and what turns the direction of writing.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def harmless(text: object) -> str:
    """The text without escape sequences and control characters."""
    return _CONTROLS.sub("", _SEQUENCES.sub("", str(text)))


def one_line(text: object) -> str:
    """The same, in one line."""
    return " ".join(harmless(text).split())

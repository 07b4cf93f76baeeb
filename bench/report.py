"""What a measurement found, as rows for people and for programs."""

from dataclasses import dataclass


class NotMeasured(Exception):
    """Something that the measurement needs is missing here; the message says what."""


@dataclass(frozen=True)
class Row:
    """One figure of ours beside one of what it is compared with."""

    what: str
    ours: str
    theirs: str
    #: How many times better than theirs, or the share of theirs: as `goal` puts it.
    ratio: float | None
    goal: str
    #: None where there is no goal to be met.
    is_met: bool | None

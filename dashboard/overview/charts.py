"""Charts as numbers that a template draws: no library in the browser, and readable as tables."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

#: The picture's own units.
WIDTH, HEIGHT = 600, 140
#: Between two columns.
_GAP = 0.25


class Part(NamedTuple):
    """One part of a column, from below."""

    kind: str
    y: float
    height: float


class Column(NamedTuple):
    day: date
    x: float
    width: float
    parts: list[Part]


class Line(NamedTuple):
    """A line through the days that have a value; a gap where one has none."""

    kind: str
    #: For an SVG path.
    path: str
    #: Where a value stands alone between gaps.
    dots: list[tuple[float, float]]


class Chart(NamedTuple):
    columns: list[Column]
    lines: list[Line]
    #: What the upper edge stands for.
    top: float
    first: date
    last: date


def columns(days: Sequence[date], parts: dict[str, Sequence[int]]) -> Chart:
    """Each day a column; `parts` from below, each with a number a day."""
    totals = [sum(values) for values in zip(*parts.values(), strict=True)]
    top = nice(max(totals, default=0))
    step = WIDTH / max(len(days), 1)
    made = []
    for index, day in enumerate(days):
        below, stacked = 0.0, []
        for kind, values in parts.items():
            height = HEIGHT * values[index] / top
            stacked.append(Part(kind, round(HEIGHT - below - height, 2), round(height, 2)))
            below += height
        made.append(Column(day, round(step * (index + _GAP / 2), 2), _width(step), stacked))
    return Chart(made, [], top, days[0], days[-1])


def lines(
    days: Sequence[date], series: dict[str, Sequence[float | None]], *, top: float = 0
) -> Chart:
    """Each kind a line over the days."""
    highest = max((value for values in series.values() for value in values if value), default=0)
    top = top or nice(highest)
    drawn = [_line(kind, values, top) for kind, values in series.items()]
    return Chart([], drawn, top, days[0], days[-1])


def nice(highest: float) -> float:
    """A round number that is not smaller: 1, 2 or 5 with zeros behind it."""
    size = 1.0
    while True:
        for digit in (1, 2, 5):
            if digit * size >= highest:
                return digit * size
        size *= 10


def _line(kind: str, values: Sequence[float | None], top: float) -> Line:
    step = WIDTH / max(len(values), 1)
    path, dots, before = [], [], False
    for index, value in enumerate(values):
        if value is not None:
            x, y = round(step * (index + 0.5), 1), round(HEIGHT * (1 - min(value / top, 1)), 1)
            path.append(f"{'L' if before else 'M'}{x} {y}")
            if not before and (index + 1 == len(values) or values[index + 1] is None):
                dots.append((x, y))
        before = value is not None
    return Line(kind, "".join(path), dots)


def _width(step: float) -> float:
    return round(step * (1 - _GAP), 2)

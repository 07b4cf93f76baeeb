"""What a measurement found, as rows for people and for programs."""

from dataclasses import dataclass

from rich.table import Table


class NotMeasured(Exception):
    """Something that the measurement needs is missing here; the message says what."""


@dataclass(frozen=True)
class Row:
    """One figure of ours beside one of what it is compared with."""

    what: str
    ours: str
    theirs: str
    ratio: float | None
    goal: str
    #: None where there is no goal, or nothing was measured.
    is_met: bool | None

    @classmethod
    def not_measured(cls, what: str, why: str) -> "Row":
        return cls(what, f"not measured: {why}", "", None, "", None)

    @classmethod
    def failed(cls, what: str, why: str) -> "Row":
        """Unlike what could not be measured here, this is an error of Edaha or of its bench."""
        return cls(what, f"failed: {why.splitlines()[0][:200]}", "", None, "", is_met=False)


def table(rows: list[Row]) -> Table:
    drawn = Table(title="Edaha's benchmarks: medians of interleaved rounds", title_justify="left")
    for name in ("What", "Edaha", "The other", "Ratio", "Goal", ""):
        drawn.add_column(name, justify="right" if name == "Ratio" else "left", overflow="fold")
    marks = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.3g}"
        drawn.add_row(row.what, row.ours, row.theirs, ratio, row.goal, marks[row.is_met])
    return drawn

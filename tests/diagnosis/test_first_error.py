"""The first real error of what tools print: in each file of logs/ the line marked with “>>> ”."""

import time
from pathlib import Path

import pytest

from deployments.diagnosis import Line, first_error
from deployments.diagnosis.lines import plain

LOGS = sorted((Path(__file__).parent / "logs").glob("*.log"))
_MARK = ">>> "


def lines_of(text: str) -> list[Line]:
    return [Line(number, 1, line) for number, line in enumerate(text.splitlines(), start=1)]


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_it_is_found(path: Path) -> None:
    marked = lines_of(path.read_text())
    wanted = next((line.number for line in marked if line.text.startswith(_MARK)), None)
    found = first_error(line._replace(text=line.text.removeprefix(_MARK)) for line in marked)
    assert (found and found.number) == wanted


def test_there_are_logs_of_many_tools() -> None:
    assert len(LOGS) > 30


def test_colours_are_no_part_of_it() -> None:
    assert first_error([Line(7, 1, "\x1b[31mnpm\x1b[0m \x1b[31merror\x1b[0m code E404")])


def test_of_a_progress_bar_the_last_state_counts() -> None:
    assert plain("10 % failed\r100 % done\r") == "100 % done"
    assert plain("\x1b]8;;https://example.com\x07link\x1b]8;;\x07") == "link"


@pytest.mark.parametrize(
    "text", ["error " * 20_000, " " * 100_000, "a" * 100_000, "E:" * 50_000, "./" * 50_000 + ":1:"]
)
def test_a_line_of_any_kind_costs_little(text: str) -> None:
    began = time.process_time()
    first_error(Line(number, 1, text) for number in range(100))
    assert time.process_time() - began < 1


def test_a_long_log_costs_little() -> None:
    began = time.process_time()
    found = first_error(
        Line(number, 1, f"Step {number}: copied src/components/page-{number}.tsx to dist")
        for number in range(50_000)
    )
    assert found is None
    assert time.process_time() - began < 4

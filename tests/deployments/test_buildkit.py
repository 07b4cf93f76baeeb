"""What buildx prints, recorded from real builds, and cut up as a pipe may cut it."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.adapters import buildx
from deployments.adapters.buildkit import Line, Progress, Step

RECORDED = Path(__file__).parent / "recorded"
Printer = Callable[[str], list[str]]


def lines(name: str) -> list[str]:
    return (RECORDED / f"{name}.rawjson").read_text().splitlines(keepends=True)


def on_one_line_each(name: str) -> list[str]:
    """As later versions of buildx print it."""
    text = "".join(lines(name))
    decoder, found, at = json.JSONDecoder(), [], 0
    while text[at:].lstrip().startswith("{"):
        at += len(text[at:]) - len(text[at:].lstrip())
        status, at = decoder.raw_decode(text, at)
        found.append(json.dumps(status) + "\n")
    return found + text[at:].lstrip().splitlines(keepends=True)


def read(printed: list[str]) -> tuple[Progress, list[Step | Line]]:
    progress = Progress()
    changes = [change for line in printed for change in progress.feed(line)]
    return progress, [*changes, *progress.finish()]


def text_of(changes: list[Step | Line]) -> list[str]:
    return [change.text for change in changes if isinstance(change, Line)]


def runs(progress: Progress) -> list[Step]:
    """The RUN steps: one for each platform."""
    return [each for each in progress.steps.values() if "RUN [" in each.name]


@pytest.fixture(params=[lines, on_one_line_each], ids=["many lines", "one line"])
def printed(request: pytest.FixtureRequest) -> Printer:
    chosen: Printer = request.param
    return chosen


def test_a_build_becomes_steps_with_times(printed: Printer) -> None:
    progress, _ = read(printed("first"))
    assert [each.number for each in progress.steps.values()] == [*range(1, len(progress.steps) + 1)]
    for run in runs(progress):
        assert run.started_at is not None
        assert run.completed_at is not None
        assert 0 < (run.completed_at - run.started_at).total_seconds() < 30
        assert not run.cached
        assert not run.error
    assert progress.failed_step is None


def test_each_platform_has_its_own_steps(printed: Printer) -> None:
    progress, _ = read(printed("first"))
    copies = [each.name for each in progress.steps.values() if "COPY --from=tools" in each.name]
    assert {re.sub(r" .*", "", name) for name in copies} == {"[linux/amd64", "[linux/arm64"}


def test_what_a_step_prints_keeps_its_order_and_colours(printed: Printer) -> None:
    progress, changes = read(printed("first"))
    for run in runs(progress):
        said = [each.text for each in changes if isinstance(each, Line) and each.step == run.number]
        assert sorted(said) == ["\x1b[31mred\x1b[0m", "one", "two", "unfinished"]
        assert said.index("one") < said.index("\x1b[31mred\x1b[0m") < said.index("unfinished")


def test_steps_that_ran_before_are_marked(printed: Printer) -> None:
    progress, changes = read(printed("cached"))
    assert any(run.cached for run in runs(progress))
    assert sum(each.cached for each in progress.steps.values()) == 4
    assert "one" not in text_of(changes)


def test_the_step_that_failed_is_found(printed: Printer) -> None:
    progress, changes = read(printed("failing"))
    failed = progress.failed_step
    assert failed is not None
    assert "echo this goes wrong" in failed.name
    assert "exit code: 3" in failed.error
    assert "this goes wrong" in text_of(changes)
    assert progress.messages[-1].startswith("ERROR: failed to solve: process")


def test_both_ways_of_printing_mean_the_same() -> None:
    for name in ("first", "cached", "failing"):
        assert read(lines(name))[1] == read(on_one_line_each(name))[1]


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00")), data=st.data())
def test_a_line_that_comes_in_pieces_is_one_line(text: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(text)))
    progress = Progress()
    first = [*progress.feed(_log(text[:cut]))]
    rest = [*progress.feed(_log(text[cut:] + "\n"))]
    assert first == []
    assert [each.text for each in rest if isinstance(each, Line)] == [text]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), min_size=1))
def test_a_last_line_without_an_end_is_not_lost(text: str) -> None:
    progress = Progress()
    assert [*progress.feed(_log(text))] == []
    assert [line.text for line in progress.finish()] == [text]
    assert [*progress.finish()] == []


@given(st.lists(st.text(alphabet='{}[]"a: \n', max_size=20), max_size=10))
def test_what_is_no_progress_at_all_breaks_nothing(printed: list[str]) -> None:
    progress = Progress()
    for line in printed:
        assert all(isinstance(change, Line) for change in progress.feed(line))


def test_bytes_that_are_no_text_are_shown_all_the_same() -> None:
    progress = Progress()
    entry = {"vertex": "sha256:x", "data": b64encode(b"caf\xe9\n").decode()}
    (line,) = progress.feed(json.dumps({"logs": [entry]}))
    assert line == Line(0, None, "caf\N{REPLACEMENT CHARACTER}")


def test_a_character_cut_in_two_is_one_character() -> None:
    progress = Progress()
    for piece in ("é".encode()[:1], "é".encode()[1:] + b"\n"):
        entry = {"vertex": "sha256:x", "data": b64encode(piece).decode()}
        found = [*progress.feed(json.dumps({"logs": [entry]}))]
    assert found == [Line(0, None, "é")]


def test_what_never_ends_its_line_is_broken() -> None:
    progress = Progress()
    (line,) = progress.feed(_log("x" * 100_000))
    assert isinstance(line, Line)
    assert line.text == "x" * 100_000


def test_a_cache_that_does_not_exist_yet_is_no_failure() -> None:
    vertex = {"digest": "sha256:x", "name": "importing cache manifest from r/a:b", "error": "404"}
    progress, _ = read([json.dumps({"vertexes": [vertex]})])
    assert progress.failed_step is None


def test_a_step_that_was_cancelled_is_not_the_one_that_failed() -> None:
    vertexes = [
        {"digest": "sha256:1", "name": "slow", "error": "context canceled"},
        {"digest": "sha256:2", "name": "broken", "error": "exit code: 1"},
    ]
    progress, _ = read([json.dumps({"vertexes": vertexes})])
    assert progress.failed_step is not None
    assert progress.failed_step.name == "broken"


def _log(text: str) -> str:
    entry = {"vertex": "sha256:x", "data": b64encode(text.encode()).decode()}
    return json.dumps({"logs": [entry]})


def test_the_failing_line_of_the_dockerfile_is_part_of_the_error(printed: Printer) -> None:
    progress, _ = read(printed("failing"))
    assert "failed at Failing:6: exit code 3" in buildx._explain(progress, "Dockerfile").message

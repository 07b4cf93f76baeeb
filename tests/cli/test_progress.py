"""What one sees while one waits: hostile names, narrow windows, letters of two columns."""

import io
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from edaha_cli import progress
from edaha_cli.errors import Unreachable
from edaha_cli.progress import Live, Progress, fitting, width
from edaha_cli.server import Server

NOW = datetime.now(UTC)


class Told(Server):
    """A server that tells what it was given."""

    def __init__(self, told: Any) -> None:
        super().__init__("https://x.example", lambda: "")
        self.told = told

    def ask(self, *_: Any, **__: Any) -> Any:
        if isinstance(self.told, Exception):
            raise self.told
        return self.told


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    stream = Terminal()
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=stream))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("LINES", "10")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return stream


def a_step(number: int, name: str = "RUN make", **fields: Any) -> dict[str, Any]:
    began = (datetime.now(UTC) - timedelta(seconds=12)).isoformat()
    known = {"started_at": began, "completed_at": None, "cached": False, "error": ""}
    return {"number": number, "name": name} | known | fields


def told(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    ends = (datetime.now(UTC) + timedelta(seconds=43)).isoformat()
    return {"step": 4, "of": 9, "ends_at": ends, "steps": list(steps)} | fields


BUILDING = {"id": 1, "state": "building", "waiting_for": ""}


def test_steps_and_what_is_left(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    done = a_step(1, "FROM node", cached=True, completed_at=NOW.isoformat())
    Live(Told(told(done, a_step(2, "RUN npm ci"))))(BUILDING)
    head, first, second = terminal.getvalue().splitlines()
    assert "building · step 4 of 9 · about 40 s left" in head
    assert head.startswith("\x1b[36m")
    assert first.split() == ["✓", "cached", "FROM", "node"]
    assert second.split()[1] in ("12", "13", "14")
    assert second.split()[2:] == ["s", "RUN", "npm", "ci"]


def test_it_is_drawn_in_place_and_leaves_one_line(terminal: Terminal) -> None:
    live = Live(Told(told(a_step(1), a_step(2))))
    live(BUILDING)
    live.pause(0.3)
    assert terminal.getvalue().count("\x1b[3A\r\x1b[J") >= 1
    live(BUILDING | {"state": "live"})
    live.close()
    left = terminal.getvalue().rpartition("\x1b[J")[2]
    assert left.startswith("\x1b[32mlive\x1b[0m after ")


def test_names_cannot_write_elsewhere_on_the_screen(terminal: Terminal) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07RUN\nnext\r\u202e line"
    live = Live(Told(told(a_step(1, evil))))
    live(BUILDING | {"waiting_for": evil, "state": evil})
    said = terminal.getvalue().replace("\x1b[36m", "").replace("\x1b[0m", "")
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(said)
    assert len(said.splitlines()) == 2


def test_no_line_is_wider_than_the_terminal_and_no_view_higher(terminal: Terminal) -> None:
    steps = [a_step(number, "日本語のとても長い名前" * 9) for number in range(50)]
    Live(Told(told(*steps)))(BUILDING)
    lines = terminal.getvalue().replace("\x1b[36m", "").replace("\x1b[0m", "").splitlines()
    assert len(lines) <= 9
    assert max(map(width, lines)) <= 39


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("日本語", 6, "日本語"), ("日本語", 5, "日本…")],
)
def test_fitting(text: str, columns: int, shown: str) -> None:
    assert fitting(text, columns) == shown


@pytest.mark.parametrize("answer", [Unreachable("away"), None, [], {}, told(ends_at="soon")])
def test_a_server_that_cannot_tell_is_no_reason_to_stop(terminal: Terminal, answer: Any) -> None:
    live = Live(Told(answer))
    live(BUILDING)
    assert "building" in terminal.getvalue()


def test_without_a_terminal_each_step_is_a_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = a_step(1, "FROM node", cached=True, completed_at=NOW.isoformat())
    plain = Progress(Told(told(done, a_step(2))))
    plain(BUILDING)
    plain(BUILDING)
    assert capsys.readouterr().err.splitlines() == ["building", "  #1 FROM node cached"]


@pytest.mark.parametrize(
    ("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb"), ("TERM", "")], ids=str
)
def test_who_wants_no_colours_gets_plain_lines(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    assert isinstance(progress.view(Told({})), Live)
    monkeypatch.setenv(name, value)
    assert isinstance(progress.view(Told({})), Progress)

"""How a step talks to GitHub's runner: what it is given, and what it gives.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands says how
results, annotations and masks are written.
"""

import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from edaha_cli.errors import CommandError, Usage
from edaha_cli.safe import harmless, one_line

#: GitHub shows no more of them for one step.
_MOST_ANNOTATIONS = 10


class Place(NamedTuple):
    """A line of one of the repository's files, and what is wrong there."""

    path: str
    line: int
    message: str


class Failed(CommandError):
    """There is no preview; `places` is where in the repository's files the cause is."""

    def __init__(self, message: str, hint: str = "", places: Iterable[Place] = ()) -> None:
        super().__init__(message, hint)
        self.places = list(places)


def end(step: Callable[[], None], title: str) -> int:
    """Do what the step does, and give its exit code; whatever goes wrong is an annotation."""
    try:
        step()
    except CommandError as problem:
        places = problem.places if isinstance(problem, Failed) else []
        _complain(title, problem.message, problem.hint, places)
        return problem.code
    return 0


def given(name: str) -> str:
    """An input, or what the runner says of the run; the step's `env` names them all."""
    return os.environ.get(name, "").strip()


def minutes(name: str) -> float:
    """An input that is a number of minutes, in seconds."""
    text = given(f"EDAHA_{name.upper()}")
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= 24 * 60:
        raise Usage(f"{name}: {one_line(text)[:40]} is no number of minutes.", "Write 30, say.")
    return found * 60


def run_url() -> str:
    """The page of this run; empty where it is not one of github.com."""
    server, repository, number = map(
        given, ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    if server != "https://github.com" or not number.isdigit():
        return ""
    return f"{server}/{repository}/actions/runs/{number}"


def give(name: str, value: object) -> None:
    """An output of one line."""
    give_lines(name, one_line(value))


def give_lines(name: str, value: str) -> None:
    """An output as it is; the mark around it is one that nobody can know before."""
    mark = secrets.token_hex(16)
    _append("GITHUB_OUTPUT", f"{name}<<{mark}\n{value}\n{mark}\n")


def mask(value: str) -> None:
    print(f"::add-mask::{value}", flush=True)


def say(text: str) -> None:
    """A line of the log that the runner does not take for a command, in either of its forms."""
    print(one_line(text).replace("::", ": :").replace("##[", "## ["), flush=True)


def summarise(text: str) -> None:
    _append("GITHUB_STEP_SUMMARY", f"{text}\n")


def as_code(text: object) -> str:
    """For Markdown: in one line, and nothing of it means anything."""
    return f"`{one_line(text).replace('`', '')}`"


def _complain(title: str, message: str, hint: str, places: list[Place]) -> None:
    said = harmless("\n".join(filter(None, [message, hint]))).strip()
    for place in places[:_MOST_ANNOTATIONS]:
        where = f"file={_property(place.path)},line={place.line},title={_property(title)}"
        print(f"::error {where}::{_data(harmless(place.message) or said)}")
    if not places or hint:
        print(f"::error title={_property(title)}::{_data(said)}", flush=True)
    quoted = "\n".join(f"    {line}" for line in said.splitlines())
    summarise(f"{title}:\n\n{quoted}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(one_line(text)).replace(":", "%3A").replace(",", "%2C")


def _append(variable: str, text: str) -> None:
    if path := os.environ.get(variable):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)

"""Definitions that compute for long, as an attacker wrote them: each ends soon, with a message."""

import time
from collections.abc import Iterator

import pytest

from deployments.definitions import json, yaml
from deployments.definitions.problems import DefinitionError

from .test_jsonnet import evaluated
from .world import loaded

SECONDS = 20


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SECONDS


def rendered(text: str) -> None:
    loaded({"task.json": text})


def test_an_error_of_many_lines_is_told_at_once() -> None:
    with pytest.raises(DefinitionError):
        evaluated("error std.repeat('\\n', 300000) + 'x x'")


def test_functions_pay_for_what_they_are_given() -> None:
    bomb = "\N{BOMB}" * 100_000
    grow = f'{{{{$x := "{bomb}"}}}}{{{{range 6}}}}{{{{$x = print $x $x}}}}{{{{end}}}}'
    with pytest.raises(DefinitionError, match="too much text"):
        rendered(grow + "{{range 18000}}{{if len $x}}{{end}}{{end}}")


def test_thousands_of_variables_are_soon_refused_or_soon_done() -> None:
    text = "{{$a:=1}}" * 50_000 + "{{$b:=1}}" + "{{$b}}" * 80_000
    with pytest.raises(DefinitionError):
        rendered(text)


def test_aliases_of_aliases_are_no_way_past_the_depth() -> None:
    lines = ["a0: &a0 " + "[" * 90 + "]" * 90]
    lines += [f"a{n}: &a{n} {'[' * 90}*a{n - 1}{']' * 90}" for n in range(1, 40)]
    with pytest.raises(DefinitionError, match="levels deep"):
        yaml.load("\n".join(lines), "edaha.yml")


@pytest.mark.parametrize("text", [r'{"a": "x\ud800"}', r'{"a": "x\u0000"}'])
def test_what_no_database_can_keep_is_refused(text: str) -> None:
    for load in (json.load, yaml.load):
        with pytest.raises(DefinitionError):
            load(text, "task.json")

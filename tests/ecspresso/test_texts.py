"""YAML and JSON as definitions may use them."""

from typing import Any

import pytest

from deployments.definitions import json, yaml
from deployments.definitions.problems import DefinitionError

CORE = "yaml.org/spec/1.2.2: core schema"
GOCCY = "goccy/go-yaml: token/token.go"


@pytest.mark.parametrize(
    ("text", "value", "source"),
    [
        ("~", None, CORE),
        ("null", None, CORE),
        ("true", True, CORE),
        ("False", False, CORE),
        ("yes", "yes", CORE),
        ("on", "on", CORE),
        ("12:30", "12:30", CORE),
        ("2024-01-01", "2024-01-01", CORE),
        ("10", 10, CORE),
        ("-3", -3, CORE),
        ("0o17", 15, CORE),
        ("0x1F", 31, CORE),
        ("1.5", 1.5, CORE),
        ("1.5e3", 1500.0, CORE),
        ("010", 8, GOCCY),
        ("012345678901", "012345678901", GOCCY),
        ("1e3", "1e3", GOCCY),
        ("v1.2", "v1.2", CORE),
        ("'10'", "10", CORE),
        ('"\\u00e9"', "é", CORE),
        ("", None, CORE),
        ("1: a\ntrue: b", {"1": "a", "true": "b"}, "keys are text, as in JSON"),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}, "merge keys"),
        ("a: &x {b: 1}\nc: {b: 2, <<: *x}", {"a": {"b": 1}, "c": {"b": 2}}, "merge keys"),
        ("a: &x 1\nb: *x", {"a": 1, "b": 1}, CORE),
        ("a: |\n  b\n  c\n", {"a": "b\nc\n"}, CORE),
    ],
)
def test_yaml_means_what_ecspressos_parser_takes_it_for(text: str, value: Any, source: str) -> None:
    assert yaml.load(text, "f.yml")[0] == value, source


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3", 3, "twice"),
        ("a:\n  - b\n c", 3, "not valid YAML"),
        ("a: *b", 1, "no anchor"),
        ("? [a]\n: b", 1, "must be text"),
        ("a: 1\n<<: 5", 2, "takes a mapping"),
        ("a: !!binary aGk=", 1, "tag"),
    ],
)
def test_wrong_yaml_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(DefinitionError) as problem:
        yaml.load(text, "f.yml")
    assert problem.value.problems[0].line == line
    assert message in str(problem.value)


def test_both_tell_the_lines_of_keys_and_items() -> None:
    wanted = {(): 1, ("a",): 2, ("a", "0"): 3, ("a", "1"): 4, ("a", "1", "b"): 4}
    assert json.load('{\n"a": [\n1,\n{"b": 2}]}', "f.json")[1] == wanted
    block = yaml.load("#\na:\n  - 1\n  - b: 2", "f.yml")[1]
    assert block == {**wanted, (): 2}


def test_a_line_that_is_not_known_is_that_of_what_is_around_it() -> None:
    positions = yaml.load("a: &x {b: 1}\nc: *x", "f.yml")[1]
    assert yaml.line_of(positions, ("c", "b")) == 2
    assert yaml.line_of(positions, ("c", "d", "0")) == 2
    assert yaml.line_of({}, ("a",)) is None


def test_aliases_are_copies_that_can_be_changed_apart() -> None:
    value, _ = yaml.load("a: &x {b: [1]}\nc: *x", "f.yml")
    value["a"]["b"].append(2)
    assert value["c"] == {"b": [1]}


def test_json_has_what_yaml_has_not() -> None:
    value, _ = json.load(
        '\ufeff{"a":\t"\\ud83d\\ude00\\/", "b": [1, -2.5e1, true, null]}', "f.json"
    )
    assert value == {"a": "😀/", "b": [1, -25.0, True, None]}

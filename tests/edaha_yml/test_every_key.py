"""Whatever stands at whichever key: it is read, or refused with its line, and the published schema
says the same."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from deployments.definitions.edaha_yml import json_schema
from deployments.definitions.edaha_yml.mistakes import keys_at
from deployments.definitions.edaha_yml.model import File

from .repository import problems

COMPLETE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "complete.yml").read_text())
FILES = {"Dockerfile": "", "deploy/ecspresso.yml": ""}
SCHEMA = jsonschema_rs.validator_for(json_schema())

Where = tuple[str, ...]

#: For each, there are keys that take no such thing.
JUNK = [5, -1, 1.5, True, "", "text of people", [], [[]], ["a"], {}, {"x": 1}, {"x": None}, None]


def places(value: Any, path: Where = ()) -> Iterator[Where]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, each in value.items():
            yield from places(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from places(each, (*path, str(index)))


def put(path: Where, junk: Any) -> dict[str, Any]:
    """The complete file with something else at one place."""
    changed = copy.deepcopy(COMPLETE)
    holder: Any = changed
    for key in path[:-1]:
        holder = holder[int(key)] if isinstance(holder, list) else holder[key]
    if isinstance(holder, list):
        holder[int(path[-1])] = junk
    else:
        holder[path[-1]] = junk
    return changed


def parses(document: Any) -> bool:
    try:
        File.model_validate(document)
    except ValidationError:
        return False
    return True


def blocks() -> list[Where]:
    """Every mapping with keys of its own, not with names that people choose."""
    return [(), *(path for path in places(COMPLETE) if keys_at(path) and _is_block(path))]


def _is_block(path: Where) -> bool:
    return path[-1] not in {"images", "services", "containers"}


def test_the_complete_file_is_fine_and_has_every_key() -> None:
    assert problems(COMPLETE, FILES) == []
    SCHEMA.validate(COMPLETE)
    told = {name for path in blocks() for name in keys_at(path)}
    written = {key for path in places(COMPLETE) for key in path}
    assert told and told <= written
    known = [each["properties"] for each in json_schema()["$defs"].values()]
    assert told == {key for properties in known for key in properties} | set(
        json_schema()["properties"]
    )


@pytest.mark.parametrize("path", blocks(), ids=".".join)
def test_an_unknown_key_is_refused_at_every_level(path: Where) -> None:
    document = put((*path, "unknwon"), 1)
    [problem] = problems(document, FILES)
    assert "There is no key “unknwon”" in problem.message
    assert problem.line == line_of(document, "unknwon")
    assert problem.hint
    assert not SCHEMA.is_valid(document)


@pytest.mark.parametrize("path", blocks(), ids=".".join)
def test_a_slip_of_the_fingers_is_understood_at_every_level(path: Where) -> None:
    for key in keys_at(path):
        misspelt = key + "s" if not key.endswith("s") else key[:-1]
        if misspelt not in keys_at(path):
            [problem] = problems(put((*path, misspelt), None), FILES)
            assert problem.hint == f"Did you mean “{key}”?"


@pytest.mark.parametrize("path", list(places(COMPLETE)), ids=".".join)
def test_anything_else_at_a_key_is_read_or_refused_and_the_schema_agrees(path: Where) -> None:
    for junk in JUNK:
        document = put(path, junk)
        found = problems(document, FILES)
        assert all(problem.line and problem.message for problem in found)
        assert parses(document) == SCHEMA.is_valid(document), junk
        assert bool(found) >= (not parses(document))


def line_of(document: Any, text: str) -> int:
    lines = yaml.safe_dump(document, sort_keys=False).splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(list(places(COMPLETE))), ANYTHING)
def test_nothing_breaks_the_reader(path: Where, junk: Any) -> None:
    document = put(path, junk)
    for problem in problems(document, FILES):
        assert problem.message
        assert len(str(problem)) < 1000
    if parses(document):
        SCHEMA.validate(document)


@given(ANYTHING)
def test_nor_does_anything_at_the_top(junk: Any) -> None:
    assert all(problem.message for problem in problems(junk, FILES))


@given(st.text() | st.binary())
def test_nor_does_any_text_at_all(text: str | bytes) -> None:
    assert all(problem.message for problem in problems(text, FILES))

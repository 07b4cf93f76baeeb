"""The JSON Schema that editors read."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from deployments.definitions.edaha_yml import json_schema

from .repository import DOCKERFILES, problems
from .test_mistakes import TYPES

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA = jsonschema_rs.validator_for(json_schema())
#: What no schema tells: how large a time or an amount is.
BEYOND = ("between",)
EXAMPLES = re.findall(r"```yaml\n(.*?)```", (DOCS / "edaha-yml.md").read_text(), re.DOTALL)


def test_the_published_file_is_the_one_that_is_made() -> None:
    """Written by `bin/manage definitions schema > docs/edaha.schema.json`."""
    assert json.loads((DOCS / "edaha.schema.json").read_text()) == json_schema()


def test_it_is_a_schema() -> None:
    assert jsonschema_rs.meta.is_valid(json_schema())


@pytest.mark.parametrize(("text", "message"), TYPES)
def test_it_refuses_what_the_reader_refuses(text: str, message: str) -> None:
    is_beyond = any(word in message for word in BEYOND)
    assert SCHEMA.is_valid(yaml.safe_load(text.replace("yes", "'yes'"))) == is_beyond


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_in_the_reference_are_right(text: str) -> None:
    SCHEMA.validate(yaml.safe_load(text))
    assert problems(text, {**DOCKERFILES, "deploy/api/ecspresso.yml": ""}) == []


def test_the_reference_has_examples_and_every_key() -> None:
    assert len(EXAMPLES) >= 5
    text = (DOCS / "edaha-yml.md").read_text()
    blocks = [json_schema(), *json_schema()["$defs"].values()]
    missing = {key for block in blocks for key in block["properties"] if f"`{key}`" not in text}
    assert missing == set()


def test_every_key_is_explained_and_its_examples_are_right() -> None:
    for block in [json_schema(), *json_schema()["$defs"].values()]:
        assert block["description"]
        for key, told in block["properties"].items():
            assert told.get("description"), key
            for example in told.get("examples", []):
                check(told, example)


def check(told: dict[str, Any], example: Any) -> None:
    whole = {**told, "$defs": json_schema()["$defs"], "$schema": json_schema()["$schema"]}
    assert jsonschema_rs.is_valid(whole, example), example

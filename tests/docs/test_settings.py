"""The tables of settings are complete, and their defaults are right."""

import argparse
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic.fields import FieldInfo

from deployments.allowed import NAMED, WORDS
from deployments.config import Config
from deployments.management.options import OPTIONS

DOCS = Path(__file__).resolve().parents[2] / "docs"


def rows(document: str, first: str) -> dict[str, str]:
    """First column → second column of the table whose first column has names like `first`."""
    found = re.findall(rf"^\| `({first})` \| (.*?) \|", (DOCS / document).read_text(), re.MULTILINE)
    return dict(found)


def default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None:
        return "none"
    return "empty" if field.default in ("", []) else f"`{field.default}`"


@pytest.fixture(scope="module")
def variables() -> dict[str, str]:
    text = (DOCS / "production.md").read_text()
    table = text.split("<!-- settings:")[1].split("\n\n")[0]
    return dict(re.findall(r"^\| `(EDAHA_[A-Z_]+)` \| (.*?) \|", table, re.MULTILINE))


def test_every_variable_is_told_in_the_order_of_the_source(variables: dict[str, str]) -> None:
    assert list(variables) == [f"EDAHA_{name.upper()}" for name in Config.model_fields]


@pytest.mark.parametrize("name", Config.model_fields)
def test_its_default_is_right(variables: dict[str, str], name: str) -> None:
    assert variables[f"EDAHA_{name.upper()}"] == default_of(Config.model_fields[name])


def test_every_setting_of_a_repository_is_told() -> None:
    assert list(rows("settings.md", "--[a-z-]+")) == [option.flag for option in OPTIONS]


def test_everything_that_can_be_allowed_is_told() -> None:
    table = (DOCS / "settings.md").read_text().partition("| Entry |")[2].partition("\n\n")[0]
    told = re.findall(r"^\| `([a-z0-9-]+)(:[A-Z/]+)?` \|", table, re.MULTILINE)
    assert {kind for kind, name in told if name} == set(NAMED)
    assert {word for word, name in told if not name} == set(WORDS)


def test_the_examples_are_options_that_exist() -> None:
    parser = argparse.ArgumentParser()
    for option in OPTIONS:
        option.add_to(parser)
    text = (DOCS / "settings.md").read_text()
    examples = re.findall(r"^ {4}manage repository set OWNER/NAME (.+)", text, re.MULTILINE)
    assert examples
    for example in examples:
        arguments: list[Any] = (
            re.sub(r"--(update|reset \S+|disallow \S+)", "", example).replace("'", "").split()
        )
        parser.parse_args(arguments)

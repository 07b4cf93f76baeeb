"""docs/actions.md and the examples say what the actions have."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.linting import EXAMPLES, inside

from .runner import ACTIONS, ROOT, describe

TEXT = (ROOT / "docs/actions.md").read_text()
NAMES = sorted(path.parent.name for path in ACTIONS.glob("*/action.yaml"))
OURS = re.compile(r"OWNER/edaha/\.github/actions/(\w+)@COMMIT")


def table(heading: str) -> dict[str, list[str]]:
    """First cell → the others."""
    _, _, rest = TEXT.partition(f"### {heading}\n")
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", rest.partition("\n#")[0], re.M)
    return {name: cells.split(" | ") for name, cells in rows}


@pytest.mark.parametrize("name", NAMES)
def test_every_input_is_in_its_table(name: str) -> None:
    told, known = table(f"Inputs of {name}"), describe(name)["inputs"]
    assert list(told) == list(known)
    for key, each in known.items():
        assert (told[key][0] == "required") == each["required"], key
        default = each.get("default", "")
        if default and "${{" not in default:
            assert told[key][0] == f"`{default}`"


@pytest.mark.parametrize("name", NAMES)
def test_every_output_is_in_its_table(name: str) -> None:
    assert list(table(f"Outputs of {name}")) == list(describe(name)["outputs"])


def steps_of(workflow: Any) -> list[Any]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_examples_use_inputs_and_outputs_that_are_there(path: Path) -> None:
    ours = {
        step["id"]: (found[1], step["with"])
        for step in steps_of(yaml.safe_load(path.read_text()))
        if (found := OURS.fullmatch(step.get("uses", "")))
    }
    assert ours
    for name, given in ours.values():
        inputs = describe(name)["inputs"]
        assert set(given) <= set(inputs)
        assert {key for key, each in inputs.items() if each["required"]} <= set(given)
    for step, output in re.findall(r"steps\.(\w+)\.outputs\.(\w+)", path.read_text()):
        if step in ours:
            assert output in describe(ours[step][0])["outputs"]


def test_each_example_is_linked() -> None:
    for path in EXAMPLES.glob("*.yaml"):
        assert f"](examples/{path.name})" in TEXT


def test_a_script_within_a_template_is_found() -> None:
    text = "a:\n  - |\n    #!/bin/sh\n    echo ${Home}\n\n    id\n  - b\n"
    assert list(inside(text)) == ["#!/bin/sh\necho value\n\nid\n"]

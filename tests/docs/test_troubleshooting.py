"""Whatever message a person may come to read, troubleshooting.md tells what to do about it."""

from pathlib import Path

import pytest

from . import messages

TEXT = (Path(__file__).resolve().parents[2] / "docs/troubleshooting.md").read_text()

_DEFINITIONS = "deployments/definitions"
_TEMPLATES = f"{_DEFINITIONS}/ecspresso"
#: What says itself what does not fit, at which place: all of it is one row of the document.
FAMILIES = {
    "YAML": [f"{_DEFINITIONS}/yaml.py"],
    "JSON": [f"{_DEFINITIONS}/json.py"],
    "edaha.yml's keys": [
        f"{_DEFINITIONS}/edaha_yml/{name}.py"
        for name in ("mistakes", "reading", "references", "services", "values")
    ],
    "The template language": [
        f"{_TEMPLATES}/{name}.py"
        for name in (
            "calling",
            "cursor",
            "evaluator",
            "expressions",
            "lexer",
            "numbers",
            "output",
            "parser",
        )
    ],
}
_GROUPED = {module for modules in FAMILIES.values() for module in modules}
#: The others come with a hint where something can be done.
WITHOUT_HINT = {problem for problem in messages.problems() if not problem.has_hint}


@pytest.mark.parametrize("message", sorted(messages.errors("deployments", "dashboard/webhooks")))
def test_every_error_is_told(message: str) -> None:
    assert f"`{message}`" in TEXT


@pytest.mark.parametrize("decision", sorted(messages.decisions() - {"ignored: …"}))
def test_every_decision_is_told(decision: str) -> None:
    assert f"`{decision}`" in TEXT


@pytest.mark.parametrize(
    "message",
    sorted({each.message for each in WITHOUT_HINT if each.module not in _GROUPED}),
)
def test_what_a_file_is_refused_with_has_a_hint_or_is_told(message: str) -> None:
    assert f"`{message}`" in TEXT


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_messages_is_told(family: str) -> None:
    assert f"| **{family}** |" in TEXT


@pytest.mark.parametrize("module", sorted(_GROUPED))
def test_a_family_has_no_module_without_messages(module: str) -> None:
    assert module in {each.module for each in WITHOUT_HINT}


def test_messages_are_found_at_all() -> None:
    assert "There is no folder … in commit …." in messages.errors("deployments/pipeline")
    assert "ignored: it is about a tag" in messages.decisions()


def test_problems_are_found_with_and_without_a_hint() -> None:
    found = {(each.message, each.has_hint) for each in messages.problems()}
    assert ("There is no file ….", False) in found
    assert ("Container … has no image.", True) in found
    assert ("No container maps port …, which visitors reach.", False) in found

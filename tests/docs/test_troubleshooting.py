"""Whatever message a person may come to read, troubleshooting.md tells what to do about it."""

from pathlib import Path

import pytest

from . import messages

TEXT = (Path(__file__).resolve().parents[2] / "docs/troubleshooting.md").read_text()


@pytest.mark.parametrize("message", sorted(messages.errors("deployments", "dashboard/webhooks")))
def test_every_error_is_told(message: str) -> None:
    assert f"`{message}`" in TEXT


@pytest.mark.parametrize("decision", sorted(messages.decisions() - {"ignored: …"}))
def test_every_decision_is_told(decision: str) -> None:
    assert f"`{decision}`" in TEXT


def test_messages_are_found_at_all() -> None:
    assert "There is no folder … in commit …." in messages.errors("deployments/pipeline")
    assert "ignored: it is about a tag" in messages.decisions()

"""Stored sentences are recognised and said in the reader's language."""

import ast
import re
from pathlib import Path

import pytest
from django.utils.translation import override

from dashboard import wording

ROOT = Path(__file__).resolve().parents[2] / "deployments"
#: Where sentences are made that people read in lists.
SOURCES = (
    "decisions.py",
    "deliveries.py",
    "keeping.py",
    "visits.py",
    "choosing.py",
    "forks.py",
    "installations.py",
    "pulls.py",
    "approving.py",
    "intake.py",
)
_BEGINNINGS = re.compile(
    r"(ignored|noted|destroying|kept|deploying|updated|answered|failed|trying again): ?|"
    r"waiting for an|\w+ waits|Approved|Rejected|"
    r"(destroying|kept|deploying|updated) |(Pull request|Branch deleted|Pinned|Unpinned|Back to)"
)


def sentences() -> list[str]:
    """Texts of the source that begin like a decision or a reason, filled with something."""
    found = []
    for name in SOURCES:
        nodes = list(ast.walk(ast.parse((ROOT / name).read_text())))
        joined = [node for node in nodes if isinstance(node, ast.JoinedStr)]
        parts = {id(part) for node in joined for part in node.values}
        texts = (_text(node) for node in nodes if id(node) not in parts)
        found += [text for text in texts if _BEGINNINGS.match(text) and not text.endswith(" ")]
    return found


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "something"
            for part in node.values
        )
    return ""


@pytest.mark.parametrize("sentence", sorted(set(sentences())))
def test_whatever_is_decided_can_be_said(sentence: str) -> None:
    assert wording.is_known(sentence), "add it to dashboard/wording.py"


def test_there_are_sentences_to_look_at() -> None:
    assert len(set(sentences())) > 20


def test_a_sentence_keeps_what_it_is_about() -> None:
    with override("ja"):
        said = wording.worded("deploying 3f2a1bc to shop-x")
    assert "3f2a1bc" in said and "shop-x" in said and "deploying" not in said


def test_the_most_particular_sentence_counts() -> None:
    with override("ja"):
        closed = wording.worded("destroying shop-x: pull request #7 was closed")
    assert "#7" in closed and "pull request" not in closed


@pytest.mark.parametrize("text", ["", "because I said so", "100% of %(it)s", "%s", "a\nb"])
def test_what_people_wrote_stays(text: str) -> None:
    with override("ja"):
        assert wording.worded(text) == text.partition("\n")[0]

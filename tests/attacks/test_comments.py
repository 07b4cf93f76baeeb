"""Commands in comments, as somebody would forge, repeat or hide them."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from deployments.commands.parsing import parse
from deployments.models import Deployment
from deployments.states import Wanted
from tests import github as examples
from tests.comments.conftest import SHOP, People, ears, people

__all__ = ["ears", "people"]

DOUBTED = "ignored: GitHub does not have this comment as it was told"


def forge(people: People, body: str, **more: Any) -> str:
    """A delivery that is signed as it should be, of a comment that nobody wrote."""
    return people.tell("issue_comment", examples.comment(SHOP, 5, body, **more)).decision


@pytest.mark.parametrize("verb", ["destroy", "", "rebuild", "pin", "extend 3d", "logs"])
def test_payload_forgery_who_holds_the_secret_is_not_who_may_write(
    people: People, verb: str
) -> None:
    """The webhook's secret signs a comment in the name of mona, who may write: none is there."""
    people.opened()
    before = Deployment.objects.count()
    assert forge(people, f"/preview {verb}", comment_id=4711) == DOUBTED
    branch = people.branch()
    assert (branch.wanted, branch.pinned_at) == (Wanted.PRESENT, None)
    assert Deployment.objects.count() == before
    assert not people.said.replies


@pytest.mark.parametrize(
    "there",
    [
        {"body": "Looks good to me"},
        {"body": "> /preview destroy"},
        {"body": "/preview pin"},
        {"author": "stranger"},
        {"author": "helper[bot]"},
        {"bot": True},
        {"created_at": (timezone.now() - timedelta(days=400)).isoformat()},
    ],
)
def test_a_comment_is_obeyed_as_github_has_it_and_not_as_it_is_told(
    people: People, there: dict[str, Any]
) -> None:
    """A comment of that number is there: of somebody else, with other words, or of last year."""
    people.opened()
    more: dict[str, Any] = {"body": "/preview destroy", "comment_id": 9} | there
    told = examples.comment(SHOP, 5, **more)
    people.kept[9] = told["comment"] | {
        "issue_url": f"https://api.github.com/repos/{SHOP}/issues/5"
    }
    assert forge(people, "/preview destroy", comment_id=9) == DOUBTED
    assert people.branch().wanted == Wanted.PRESENT


def test_a_comment_of_another_pull_request_counts_there_alone(people: People) -> None:
    people.opened()
    told = examples.comment(SHOP, 6, "/preview destroy", comment_id=9)
    people.kept[9] = told["comment"] | {
        "issue_url": f"https://api.github.com/repos/{SHOP}/issues/6"
    }
    assert forge(people, "/preview destroy", comment_id=9) == DOUBTED
    assert people.branch().wanted == Wanted.PRESENT


@pytest.mark.parametrize("url", [None, "", 7, "https://api.github.com/repos/acme/shop/issues/x"])
def test_an_answer_that_makes_no_sense_is_asked_for_again_and_obeyed_never(
    people: People, url: Any
) -> None:
    people.opened()
    people.kept[9] = examples.comment(SHOP, 5, "/preview destroy")["comment"] | {"issue_url": url}
    decision = forge(people, "/preview destroy", comment_id=9)
    assert decision.startswith("trying again: GitHub's answer about acme/shop cannot be read")
    assert people.branch().wanted == Wanted.PRESENT


@pytest.mark.parametrize(
    "body",
    [
        "<!--\n" * 30_000,
        "<!-- -->" * 8_000,
        "`" * 65_000,
        "```\n" * 16_000,
        "~~~\n```\n" * 8_000,
        "/preview " + " " * 65_000,
        "/preview\t" * 7_000,
        " " * 65_000 + "/preview",
        "\r" * 65_000,
    ],
)
def test_redos_cve_2022_24713_no_comment_takes_long_to_read(body: str) -> None:
    begun = time.process_time()
    parse(body)
    assert time.process_time() - begun < 1

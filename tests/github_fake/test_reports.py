"""A pull request's whole way through the outbox, each call being as GitHub's description has it."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from deployments import intake, outbox
from deployments.causes import Cause
from deployments.models import Branch, Outgoing, Repository
from tests.deployments.conftest import ears
from tests.github.fake import Fake, Fault
from tests.reports.moving import destroy, fail, go_live, wish

__all__ = ["ears"]
pytestmark = pytest.mark.usefixtures("ears")
FIRST, SECOND, THIRD = ("a" * 40, "b" * 40, "c" * 40)


@pytest.fixture
def branch(github_fake: Fake, shop: Repository) -> Branch:
    github_fake.state.add_pull(5)
    branch = Branch.for_name(shop, "feature/x")
    branch.pull_request = 5
    branch.save()
    return branch


def _tell(minutes: int = 0) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True):
        for repository in outbox.waiting(timezone.now()):
            outbox.deliver(repository)


def _problems() -> list[tuple[str, str]]:
    return list(Outgoing.objects.exclude(problem="").values_list("kind", "problem"))


def _whole_way(branch: Branch) -> None:
    go_live(wish(branch, "a"))
    _tell()
    error = "The image could not be built (Dockerfile:12): exit code: 1"
    fail(wish(branch, "b"), error, cause=Cause.DOCKERFILE)
    _tell()
    intake.cancel(wish(branch, "c"), actor="mika")
    _tell()
    destroy(branch)
    _tell()
    _tell(minutes=1)


def _comment(fake: Fake) -> str:
    (comment,) = fake.state.comments.values()
    return str(comment["body"])


def test_by_the_app(github_fake: Fake, branch: Branch) -> None:
    _whole_way(branch)
    assert _problems() == []
    assert "gone since" in _comment(github_fake)
    ends = {each["head_sha"]: each["conclusion"] for each in github_fake.state.checks.values()}
    assert ends == {FIRST: "success", SECOND: "failure", THIRD: "cancelled"}
    assert github_fake.state.deployments == {}


@pytest.mark.usefixtures("as_person")
def test_by_a_token(github_fake: Fake, branch: Branch) -> None:
    _whole_way(branch)
    assert _problems() == []
    assert "gone since" in _comment(github_fake)
    known = github_fake.state.commit_statuses
    ends = {commit: rows[-1]["state"] for commit, rows in known.items()}
    assert ends == {FIRST: "success", SECOND: "failure", THIRD: "error"}
    assert github_fake.state.deployments == {}
    assert github_fake.state.environments == {f"preview/{branch.slug}"}


def test_lost_answers_make_nothing_twice(github_fake: Fake, branch: Branch) -> None:
    deployment = wish(branch, "a")
    for number, operation in enumerate(("comments", "POST /repos", "check-runs")):
        github_fake.faults.append(Fault(is_lost=True, matching=operation))
        _tell(minutes=20 * number)
    go_live(deployment)
    github_fake.faults.clear()
    _tell(minutes=80)
    _tell(minutes=100)
    assert _problems() == []
    assert "Live" in _comment(github_fake)
    assert len(github_fake.state.deployments) == len(github_fake.state.checks) == 1

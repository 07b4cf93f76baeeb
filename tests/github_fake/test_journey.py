"""A pull request from its first delivery to its end: what GitHub shows of it in between.

The deployments are moved here the way that workers move them; tests/journey has real ones.
"""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from deployments import deliveries, outbox
from deployments.adapters import git
from deployments.causes import Cause
from deployments.models import Branch, Delivery, Deployment, Outgoing, Repository
from deployments.models.moves import move_branch
from deployments.secrets import key_id
from deployments.states import BranchState
from tests import github
from tests.deployments.conftest import ears
from tests.github.fake import Fake
from tests.github.product import SHOP
from tests.github.trouble import weather
from tests.reports.moving import fail, go_live

__all__ = ["ears"]
pytestmark = pytest.mark.usefixtures("ears")
FIRST, SECOND = "a" * 40, "b" * 40
SECRET = "the shop's secret"


@dataclass
class World:
    fake: Fake
    heads: dict[str, str] = field(default_factory=dict)
    passed: timedelta = timedelta(0)

    @property
    def branch(self) -> Branch:
        return Branch.objects.select_related("deployment").get(pull_request=5)

    @property
    def newest(self) -> Deployment:
        assert self.branch.deployment is not None
        return self.branch.deployment

    def hear(self, event: str, payload: dict[str, Any]) -> str:
        """A delivery; what was decided."""
        row = Delivery.objects.create(
            guid=str(uuid.uuid4()),
            event=event,
            payload=json.dumps(payload).encode(),
            received_at=timezone.now(),
            key_id=key_id(SECRET),
        )
        deliveries.decide_pending()
        row.refresh_from_db()
        return row.decision

    def open(self) -> None:
        self.heads["feature"] = FIRST
        self.fake.state.add_pull(5, "feature", FIRST)
        self.hear("pull_request", github.pull_request("opened", SHOP, "feature", FIRST, number=5))

    def push(self, commit: str) -> None:
        self.heads["feature"] = commit
        self.fake.state.pulls[5]["head"]["sha"] = commit
        self.hear("push", github.push(SHOP, "feature", commit))

    def say(self, body: str, author: str) -> str:
        known = self.fake.state.add_comment(body, author)
        return self.hear(
            "issue_comment", github.comment(SHOP, 5, body, comment_id=known, author=author)
        )

    def close(self) -> None:
        self.fake.state.pulls[5]["state"] = "closed"
        payload = github.pull_request("closed", SHOP, "feature", self.heads["feature"], number=5)
        payload["pull_request"]["state"] = "closed"
        assert self.hear("pull_request", payload).startswith("destroy")
        assert move_branch(self.branch, BranchState.DESTROYED)

    def tell(self, **by: float) -> None:
        """Tell GitHub what there is to tell, after that time."""
        self.passed += timedelta(**by)
        with time_machine.travel(timezone.now() + self.passed, tick=True):
            for repository in outbox.waiting(timezone.now()):
                outbox.deliver(repository)

    def comment(self) -> str:
        rows = self.fake.state.comments.values()
        (found,) = [str(each["body"]) for each in rows if "edaha:preview" in each["body"]]
        return found

    def rollouts(self) -> list[str]:
        return [self.fake.state.state_of(known) for known in self.fake.state.deployments]

    def checks(self) -> dict[str, str | None]:
        rows = self.fake.state.checks.values()
        return {each["head_sha"]: each["conclusion"] for each in rows}


@pytest.fixture
def world(github_fake: Fake, shop: Repository, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    Repository.objects.update(webhook_secret=SECRET)
    github_fake.state.collaborators |= {"mona": "write", "mallory": "read"}
    world = World(github_fake)
    monkeypatch.setattr(git, "read_head", lambda _, name: world.heads.get(name))
    monkeypatch.setattr(git, "commit_message", lambda *_: "A change")
    yield world
    assert not Outgoing.objects.exclude(problem="").exists()


def test_from_the_first_delivery_to_the_end(world: World) -> None:
    world.open()
    world.tell()
    assert "Queued" in world.comment()
    assert (world.rollouts(), world.checks()) == (["queued"], {FIRST: None})
    go_live(world.newest)
    world.tell()
    assert f"**[{world.branch.url}]({world.branch.url})**" in world.comment()
    assert (world.rollouts(), world.checks()) == (["success"], {FIRST: "success"})

    world.push(SECOND)
    fail(world.newest, "The image could not be built (Dockerfile:12)", cause=Cause.DOCKERFILE)
    world.tell()
    assert "A step of the Dockerfile failed" in world.comment().replace("\\", "")
    assert world.rollouts() == ["success", "failure"]
    assert world.checks() == {FIRST: "success", SECOND: "failure"}

    before = world.newest
    assert "no write access" in world.say("/preview redeploy", "mallory")
    assert world.newest == before
    asked = world.say("/preview redeploy", "mona")
    assert world.newest != before, asked
    go_live(world.newest)
    world.tell(seconds=6)
    assert {content for _, content in world.fake.state.reactions} == {"-1", "rocket"}
    assert world.rollouts() == ["inactive", "inactive", "success"]
    assert world.checks() == {FIRST: "success", SECOND: "success"}

    told = world.fake.state.statuses
    world.close()
    world.tell(seconds=6)
    world.tell(seconds=6)
    assert "is gone since" in world.comment()
    assert [rows[-1]["state"] for rows in told.values()] == ["inactive"] * 3
    assert world.fake.state.deployments == {}


def test_while_github_is_down_it_goes_live_and_github_catches_up(world: World) -> None:
    weather(world.fake, "down")
    world.open()
    world.tell()
    go_live(world.newest)
    world.tell(minutes=1)
    assert world.branch.state == BranchState.LIVE
    assert world.fake.state.comments == world.fake.state.deployments == {}
    assert Outgoing.objects.exclude(problem="").exists()
    weather(world.fake, "")
    world.tell(minutes=20)
    assert "Live" in world.comment()
    assert (world.rollouts(), world.checks()) == (["success"], {FIRST: "success"})


def test_whoever_works_at_the_pull_request_meanwhile_undoes_nothing(world: World) -> None:
    """The comment and the deployment were deleted by hand; issues are switched off."""
    world.open()
    world.tell()
    world.fake.state.comments.clear()
    world.fake.state.deployments.clear()
    world.fake.state.has_issues = False
    go_live(world.newest)
    world.tell()
    world.tell(seconds=6)
    assert "Live" in world.comment()
    assert world.rollouts() == ["success"]

"""The verdict sees what it is there to see: each kind of loss, leak and staleness."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from deployments.adapters.worktree import worktree_path
from deployments.models import Branch, Build, Delivery, Deployment, Repository, Service, Transition
from deployments.states import BranchState, DeploymentState, Wanted

from .origin import Origin
from .verdict import Verdict, judge
from .workload import Project

pytestmark = pytest.mark.django_db


class World:
    """One branch that is live at its head, in AWS and in the rows."""

    def __init__(self, folder: Path) -> None:
        origin = Origin(folder / "origin.git")
        self.head = origin.commit("main", "first", parent=None)
        self.project = Project("acme/shop", "all", origin, 1)
        self.projects = [self.project]
        self.repository = Repository.objects.create(full_name="acme/shop", policy="all")
        self.branch = Branch.for_name(self.repository, "main", state=BranchState.LIVE)
        self.live = self.add_deployment(1, DeploymentState.LIVE)
        Branch.objects.filter(pk=self.branch.pk).update(live=self.live, deployment=self.live)
        Service.objects.create(
            deployment=self.live, name="app", label="main", release_name="edaha-1", port=8000,
            task_definition_arn="edaha:1", task_definition={}, service_definition={},
        )  # fmt: skip
        Build.objects.create(deployment=self.live, name="app", reference="r/edaha/x@sha256:1")
        image: dict[str, Any] = {"digest": "sha256:1", "tags": ["main-123456789abc.app"]}
        self.there: dict[str, Any] = {
            "services": {"edaha-1": "ACTIVE"},
            "names": {"edaha-1": ["task"]},
            "task_definitions": ["edaha:1"],
            "images": {"edaha/x": [image]},
            "one_off": [],
        }

    @property
    def aws(self) -> "World":
        return self

    def left(self, prefix: str) -> dict[str, Any]:
        return self.there

    def add_deployment(self, generation: int, state: DeploymentState) -> Deployment:
        row = Deployment.objects.create(
            branch=self.branch, generation=generation, commit=self.head, trigger="push", state=state
        )
        Transition.objects.create(branch=self.branch, deployment=row, before="x", after="live")
        return row

    def judge(self, accepted: set[str] | None = None) -> Verdict:
        made: Any = self
        return judge(made, accepted or set())


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_nothing_is_found_where_all_is_well(world: World) -> None:
    assert world.judge().is_good


def test_a_delivery_without_a_decision_is_lost(world: World) -> None:
    guid = str(uuid4())
    row = Delivery.objects.create(
        guid=guid, event="push", payload=b"{}", key_id="x", received_at=timezone.now()
    )
    assert world.judge({guid}).lost
    Delivery.objects.filter(pk=row.pk).update(state=Delivery.State.DECIDED)
    assert world.judge({guid}).is_good
    assert world.judge({str(uuid4())}).lost  # answered, and not even stored


def test_a_branch_that_nobody_deployed_is_lost(world: World) -> None:
    world.project.origin.commit("other", "text", parent=None)
    assert world.judge().lost == ["acme/shop:other is unknown, and not live"]


def test_an_older_commit_that_is_live_is_stale(world: World) -> None:
    world.project.origin.commit("main", "second", parent=world.head)
    assert world.head[:7] in world.judge().stale[0]


def test_an_older_generation_that_came_later_is_stale(world: World) -> None:
    world.add_deployment(3, DeploymentState.RETIRED)
    world.add_deployment(2, DeploymentState.RETIRED)
    Deployment.objects.exclude(pk=world.live.pk).update(cleaned_at=timezone.now())
    assert world.judge().stale == [f"branch {world.branch.pk}: generation 2 after 3"]


def test_a_branch_that_outlives_its_ref_is_leaked(world: World) -> None:
    world.project.origin.commit("keep", "text", parent=None)
    world.project.origin.delete("main")
    assert any("main is live" in each for each in world.judge().leaked)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("services", {"edaha-2": "ACTIVE"}),
        ("services", {"edaha-2": "DRAINING"}),
        ("names", {"edaha-2": []}),
        ("task_definitions", ["edaha-gone:1"]),
        ("one_off", ["edaha-1-1-release"]),
        ("images", {"edaha/x": [{"digest": "sha256:2", "tags": []}]}),
        ("images", {"edaha/x": [{"digest": "sha256:2", "tags": ["gone-123456789abc.app"]}]}),
        ("images", {"edaha/x": [{"digest": "sha256:2", "tags": ["cache-gone.app"]}]}),
    ],
)
def test_what_stands_for_nothing_in_aws_is_leaked(world: World, kind: str, more: Any) -> None:
    known = world.there[kind]
    world.there[kind] = known + more if isinstance(known, list) else known | more
    assert world.judge().leaked


def test_a_spare_revision_of_a_branch_that_stays_is_no_leak(world: World) -> None:
    world.there["task_definitions"] = ["edaha:1", "edaha:2"]
    assert world.judge().is_good
    world.there["task_definitions"] = ["edaha:2"]
    assert world.judge().leaked == ["task definition edaha:1 is missing"]


def test_what_is_missing_in_aws_is_found(world: World) -> None:
    world.there["services"] = {}
    assert world.judge().leaked == ["ECS service edaha-1 is missing"]


def test_an_ended_deployment_that_is_not_cleaned_is_leaked(world: World) -> None:
    row = Deployment.objects.create(
        branch=world.branch, generation=2, commit=world.head, trigger="push", state="failed"
    )
    assert world.judge().leaked
    Deployment.objects.filter(pk=row.pk).update(cleaned_at=timezone.now())
    assert world.judge().is_good


def test_a_worktree_of_a_destroyed_branch_is_leaked(world: World) -> None:
    gone = Branch.for_name(
        world.repository, "gone", state=BranchState.DESTROYED, wanted=Wanted.ABSENT
    )
    path = worktree_path(world.repository, gone)
    assert world.judge().is_good
    path.mkdir(parents=True)
    assert world.judge().leaked == [f"worktree {path}"]

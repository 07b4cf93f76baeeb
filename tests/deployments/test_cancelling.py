"""Cancelling by hand: the attempt ends, its worker notices, the version before goes on."""

import pytest

from deployments import intake
from deployments.adapters import wakeups
from deployments.errors import LeaseLost, UserError
from deployments.models import Branch, Deployment
from deployments.models.lease import Lease
from deployments.models.moves import move_deployment
from deployments.states import ACTIVE, BranchState, DeploymentState, Wanted

from .ears import Ears
from .world import World

pytestmark = pytest.mark.django_db

WAY = [DeploymentState.BUILDING, DeploymentState.RELEASING, DeploymentState.VERIFYING]


def on_its_way(branch: Branch, state: DeploymentState) -> Deployment:
    made = intake.want_commit(branch, "a" * 40, trigger=Deployment.Trigger.PUSH)
    assert made is not None
    for step in WAY[: WAY.index(state) + 1] if state in WAY else ():
        move_deployment(made, step)
    return made


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_whatever_is_on_its_way_can_be_cancelled(
    branch: Branch, ears: Ears, state: DeploymentState
) -> None:
    deployment = on_its_way(branch, state)
    ears.take()
    assert intake.cancel(deployment, actor="ada", reason="wrong branch")
    deployment.refresh_from_db()
    branch.refresh_from_db()
    assert deployment.state == DeploymentState.CANCELLED
    assert deployment.error == "Cancelled by ada: wrong branch"
    assert deployment.due_at is not None
    assert deployment.finished_at is not None
    assert branch.state == BranchState.FAILED
    told = deployment.transitions.get(after=DeploymentState.CANCELLED)
    assert (told.before, told.actor, told.reason) == (state, "ada", "wrong branch")
    assert [heard[:2] for heard in ears.take()] == [(wakeups.CLEAN, (deployment.pk,))]


def test_a_second_click_cancels_nothing(branch: Branch) -> None:
    deployment = on_its_way(branch, DeploymentState.BUILDING)
    seen = Deployment.objects.get(pk=deployment.pk)
    assert intake.cancel(deployment, actor="ada")
    assert not intake.cancel(seen, actor="bob")
    assert deployment.transitions.filter(after=DeploymentState.CANCELLED).count() == 1
    deployment.refresh_from_db()
    assert deployment.error == "Cancelled by ada."


def test_what_moves_on_meanwhile_is_cancelled_all_the_same(branch: Branch) -> None:
    seen = on_its_way(branch, DeploymentState.BUILDING)
    move_deployment(Deployment.objects.get(pk=seen.pk), DeploymentState.RELEASING)
    assert intake.cancel(seen, actor="ada")
    assert Deployment.objects.get(pk=seen.pk).state == DeploymentState.CANCELLED


def test_what_is_live_is_not_on_its_way(branch: Branch) -> None:
    deployment = on_its_way(branch, DeploymentState.VERIFYING)
    move_deployment(deployment, DeploymentState.LIVE)
    assert not intake.cancel(deployment, actor="ada")


def test_its_worker_notices_at_the_next_heartbeat_and_writes_nothing(branch: Branch) -> None:
    deployment = on_its_way(branch, DeploymentState.BUILDING)
    lease = Lease.claim(deployment.pk, {DeploymentState.BUILDING})
    assert lease is not None
    intake.cancel(deployment, actor="ada")
    with pytest.raises(LeaseLost):
        lease.beat()
    with pytest.raises(LeaseLost):
        lease.move(DeploymentState.RELEASING)


def test_it_can_be_tried_again(branch: Branch) -> None:
    deployment = on_its_way(branch, DeploymentState.BUILDING)
    intake.cancel(deployment, actor="ada")
    again = intake.redeploy(branch, actor="bob", reason="by mistake")
    assert again.pk != deployment.pk
    assert again.transitions.get().reason == "by mistake"


def test_a_cancelled_rollout_leaves_nothing_and_the_version_before_serving(world: World) -> None:
    branch = world.new_branch()
    first = world.push(branch)
    world.settle()
    services = world.cloud.active
    second = world.push(branch)
    world.settle(lambda: _state(second) == DeploymentState.VERIFYING)
    assert intake.cancel(Deployment.objects.get(pk=second.pk), actor="ada")
    world.settle()
    branch.refresh_from_db()
    assert (branch.live_id, branch.state) == (first.pk, BranchState.LIVE)
    assert world.cloud.active == services
    assert Deployment.objects.get(pk=second.pk).cleaned_at is not None


def _state(deployment: Deployment) -> str:
    return Deployment.objects.get(pk=deployment.pk).state


@pytest.mark.parametrize("act", ["pin", "extend"])
def test_what_was_destroyed_cannot_be_kept(branch: Branch, act: str) -> None:
    Branch.objects.filter(pk=branch.pk).update(wanted=Wanted.ABSENT)
    with pytest.raises(UserError, match="no preview to keep"):
        getattr(intake, act)(branch, actor="ada")
    assert not branch.transitions.exists()


def test_unpinning_what_was_destroyed_changes_nothing(branch: Branch) -> None:
    Branch.objects.filter(pk=branch.pk).update(wanted=Wanted.ABSENT)
    assert not intake.unpin(branch, actor="ada")

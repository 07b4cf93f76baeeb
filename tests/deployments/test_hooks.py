"""One-off tasks around a deployment: migrations before it is released, a farewell at the end."""

from collections.abc import Callable

import pytest

from deployments import intake
from deployments.models import Branch, Deployment, Hook
from deployments.states import ACTIVE, BranchState, DeploymentState

from .world import World

FILES = {
    "edaha.yml": """
services:
  web: {port: 8000}
  api: {port: 9000, image: app}
hooks:
  release: {service: api, command: [migrate], timeout: 10m}
  destroy: {command: [drop, database], timeout: 5m}
"""
}


@pytest.fixture
def branch(world: World) -> Branch:
    world.origin.commit(FILES)
    return world.new_branch()


def is_over(deployment: Deployment) -> Callable[[], bool]:
    def over() -> bool:
        deployment.refresh_from_db()
        return deployment.state not in ACTIVE

    return over


def log_of(deployment: Deployment) -> list[str]:
    return [line for chunk in deployment.chunks.all() for _, _, line in chunk.lines]


def test_a_release_waits_for_its_hook_and_the_end_has_one_too(world: World, branch: Branch) -> None:
    deployment = world.push(branch)
    world.settle()

    branch.refresh_from_db()
    assert branch.live == deployment, world.story()
    calls = world.cloud.calls
    assert calls.index("ecs.RunTask") < calls.index("ecs.CreateService")
    assert world.cloud.one_off.commands == [["migrate"]]
    assert len(world.cloud.active) == len(world.cloud.discovery) == 2
    steps = deployment.steps.values_list("name", "error", "completed_at")
    (step,) = [step for step in steps if step[0] == "Release hook: migrate"]
    assert step[1] == "" and step[2] is not None

    intake.destroy(branch, actor="ada", reason="No longer needed")
    world.settle()
    branch.refresh_from_db()
    assert branch.state == BranchState.DESTROYED
    assert world.cloud.one_off.commands == [["migrate"], ["drop", "database"]]
    assert not world.cloud.leftovers


def test_a_hook_that_fails_leaves_the_version_before_serving(world: World, branch: Branch) -> None:
    first = world.push(branch)
    world.settle()
    world.cloud.one_off.ends_with = 3
    world.cloud.printed.append("no such column")

    second = world.push(branch)
    world.settle()

    second.refresh_from_db()
    branch.refresh_from_db()
    assert second.state == DeploymentState.FAILED
    assert "Release hook: migrate failed: exit code 3" in second.error
    assert branch.live == first
    assert "  no such column" in log_of(second)
    assert {name.rpartition("-")[2] for name in world.cloud.active} == {"1"}


def test_a_hook_that_does_not_end_is_ended(world: World, branch: Branch) -> None:
    world.cloud.one_off.ends_with = None
    deployment = world.push(branch)
    world.settle(is_over(deployment))
    assert deployment.state == DeploymentState.FAILED
    assert "took longer than 600 s" in deployment.error
    assert world.cloud.count("ecs.StopTask") == 1


def test_two_migrations_never_run_at_once(world: World, branch: Branch) -> None:
    world.cloud.one_off.ends_with = None
    first = world.push(branch)
    world.settle(lambda: world.cloud.count("ecs.DescribeTasks") > 2)
    second = world.push(branch)
    world.settle(lambda: world.cloud.count("ecs.DescribeTasks") > 10)
    first.refresh_from_db()
    assert first.state == DeploymentState.SUPERSEDED
    assert len(world.cloud.one_off.commands) == 1, "the second began before the first was over"

    world.cloud.one_off.ends_with = 0
    world.settle()
    branch.refresh_from_db()
    assert branch.live == second, world.story()
    assert len(world.cloud.one_off.commands) == 2


def test_a_branch_that_is_destroyed_waits_for_no_migration(world: World, branch: Branch) -> None:
    world.cloud.one_off.ends_with = None
    world.push(branch)
    world.settle(lambda: world.cloud.count("ecs.DescribeTasks") > 2)
    intake.destroy(branch, actor="ada", reason="No longer needed")
    world.settle()
    branch.refresh_from_db()
    assert branch.state == BranchState.DESTROYED, world.story()
    # The farewell did not end by itself either; what costs money is removed all the same.
    assert Hook.objects.get(kind=Hook.Kind.DESTROY).error.endswith("took longer than 300 s.")
    assert not world.cloud.leftovers


def test_a_branch_that_comes_back_in_the_middle_of_its_farewell_goes_live(
    world: World, branch: Branch
) -> None:
    world.push(branch)
    world.settle()
    world.cloud.one_off.ends_with = None
    intake.destroy(branch, actor="ada", reason="No longer needed")
    world.settle(lambda: len(world.cloud.one_off.commands) == 2)
    again = intake.redeploy(branch, actor="ada")
    world.cloud.one_off.ends_with = 0
    world.settle()
    branch.refresh_from_db()
    assert branch.live == again, world.story()

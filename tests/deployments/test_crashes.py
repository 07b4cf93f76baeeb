"""A worker may be killed anywhere: somebody else goes on, and nothing is made twice."""

from collections.abc import Callable

import pytest

from deployments import intake
from deployments.models import Branch, Deployment
from deployments.states import BranchState, DeploymentState

from .crash import doomed
from .test_hooks import FILES
from .world import World, forget

Prepare = Callable[[World], Branch]
Check = Callable[[World, Branch], None]


def _new_and_wanted(world: World) -> Branch:
    branch = world.new_branch()
    world.push(branch)
    return branch


def _two_services_and_a_hook(world: World) -> Branch:
    world.origin.commit(FILES)
    return _new_and_wanted(world)


def _live(world: World) -> Branch:
    branch = _new_and_wanted(world)
    world.settle()
    return branch


def _live_and_wanted_anew(world: World) -> Branch:
    branch = _live(world)
    world.push(branch)
    return branch


def _live_and_unwanted(world: World) -> Branch:
    branch = _live(world)
    intake.destroy(branch, actor="ada", reason="No longer needed")
    return branch


def _is_live(world: World, branch: Branch) -> None:
    branch.refresh_from_db()
    newest = branch.deployments.latest("generation")
    assert (branch.state, branch.live) == (BranchState.LIVE, newest), world.story()
    names = sorted(newest.services.values_list("release_name", flat=True))
    assert world.cloud.active == world.cloud.discovery == names
    # However often it was begun: one migration for each deployment that came so far.
    started = branch.deployments.filter(hooks__kind="release", hooks__started_at__isnull=False)
    assert len(world.cloud.one_off.commands) == started.count()
    assert not world.cloud.draining
    assert branch.deployments.filter(state=DeploymentState.LIVE).count() == 1


def _is_gone(world: World, branch: Branch) -> None:
    branch.refresh_from_db()
    assert (branch.state, branch.live) == (BranchState.DESTROYED, None), world.story()
    assert not world.cloud.leftovers
    assert not Deployment.objects.filter(cleaned_at=None).exists()


def _is_live_and_leaves_nothing(world: World, branch: Branch) -> None:
    _is_live(world, branch)
    intake.destroy(branch, actor="ada", reason="No longer needed")
    world.settle()
    _is_gone(world, branch)


@pytest.mark.parametrize(
    ("prepare", "ends_well"),
    [
        pytest.param(_new_and_wanted, _is_live_and_leaves_nothing, id="first deployment"),
        pytest.param(_two_services_and_a_hook, _is_live, id="two services and a hook"),
        pytest.param(_live_and_wanted_anew, _is_live, id="redeployment"),
        pytest.param(_live_and_unwanted, _is_gone, id="destruction"),
    ],
)
def test_a_worker_killed_anywhere_leaves_work_that_is_picked_up(
    world: World, prepare: Prepare, ends_well: Check, subtests: pytest.Subtests
) -> None:
    branch = prepare(world)
    with doomed(world.cloud) as watched:
        world.settle()
    ends_well(world, branch)
    assert len(watched.moments) > 10
    # Up to here, a redeployment goes the way of a first one.
    first = watched.moments.index("ecs.CreateService") if prepare is _live_and_wanted_anew else 0

    for at, moment in list(enumerate(watched.moments))[first:]:
        with subtests.test(at=at, moment=moment):
            branch = prepare(world)
            with doomed(world.cloud, at) as doom:
                world.settle()
            assert doom.is_dead
            # Its wake-ups and all that it remembered died with it.
            world.ears.take()
            forget()
            world.settle()
            ends_well(world, branch)

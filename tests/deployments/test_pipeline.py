from datetime import timedelta

from deployments import intake, reconcile
from deployments.states import BranchState

from .world import WORKERS, World


def test_a_commit_goes_live_and_at_last_leaves_nothing(world: World) -> None:
    branch = world.new_branch()
    deployment = world.push(branch)
    world.settle()
    branch.refresh_from_db()
    assert (branch.state, branch.live) == (BranchState.LIVE, deployment), world.story()
    assert world.cloud.active == [deployment.service_name("edaha")]
    assert world.cloud.discovery == world.cloud.active
    assert len(world.cloud.definitions) == 1

    intake.destroy(branch, actor="ada", reason="No longer needed")
    world.settle()
    branch.refresh_from_db()
    assert branch.state == BranchState.DESTROYED
    assert not world.cloud.leftovers


def test_what_nobody_hears_the_clock_finds(world: World) -> None:
    """Each word to a worker is lost, but for those that a tick says."""
    branch = world.new_branch()
    deployment = world.push(branch)
    for _ in range(30):
        world.ears.take()
        world.clock.shift(timedelta(seconds=10))
        reconcile.tick()
        for task, ids, _countdown in dict.fromkeys(world.ears.take()):
            WORKERS[task](*ids)
    branch.refresh_from_db()
    assert (branch.state, branch.live) == (BranchState.LIVE, deployment), world.story()

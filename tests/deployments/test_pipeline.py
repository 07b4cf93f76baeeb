from deployments import intake
from deployments.states import BranchState

from .world import World


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

"""A worker may be killed anywhere: somebody else goes on, and nothing is made twice."""

import itertools
import os
import secrets
import shutil
from collections.abc import Callable

import pytest
from django.db import connection

from deployments import intake
from deployments.adapters import verify as checking
from deployments.config import config
from deployments.models import Branch, Deployment
from deployments.pipeline import release, verify
from deployments.states import BranchState, DeploymentState

from .crash import Inline, work
from .everypoint import Ending, Paths
from .test_hooks import FILES
from .world import World

pytestmark = pytest.mark.timeout(1500)

Prepare = Callable[[World], Branch]


@pytest.fixture(autouse=True)
def _repeatable(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done twice from the same state leads to the same state."""
    numbers = itertools.count()
    monkeypatch.setattr(secrets, "token_hex", lambda size: f"{next(numbers):0{2 * size}x}")
    # Other tests' repositories would only be copied along.
    shutil.rmtree(config().cache, ignore_errors=True)
    for module, name in ((release, "_calls"), (verify, "_calls"), (checking, "_pool")):
        monkeypatch.setattr(module, name, Inline())


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
    intake.redeploy(branch, actor="ada")
    return branch


def _live_and_unwanted(world: World) -> Branch:
    world.origin.commit(FILES)
    branch = _live(world)
    _destroy(world, branch)
    return branch


def _nothing(world: World, branch: Branch) -> None:
    pass


def _newer_commit(world: World, branch: Branch) -> None:
    world.origin.commit({"newer.txt": "newer"})
    world.push(branch)


def _destroy(world: World, branch: Branch) -> None:
    intake.destroy(branch, actor="ada", reason="No longer needed")


def _cancel(world: World, branch: Branch) -> None:
    branch.refresh_from_db()
    assert branch.deployment is not None
    intake.cancel(branch.deployment, actor="ada", reason="Not now")


def _is_cancelled_or_was_live(world: World, branch: Branch) -> None:
    """Nothing is left of what was cancelled; a click that came too late changes nothing."""
    branch.refresh_from_db()
    newest = branch.deployments.get()
    if newest.state == DeploymentState.LIVE:
        _is_live(world, branch)
        return
    assert (newest.state, branch.live) == (DeploymentState.CANCELLED, None), world.story()
    assert branch.state == BranchState.FAILED
    # A revision that nobody could write down goes at the branch's end.
    assert not {*world.cloud.leftovers} - {"definitions"}


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
    assert newest.commit == branch.wanted_commit == world.origin.git("rev-parse", "main")


def _is_gone(world: World, branch: Branch) -> None:
    branch.refresh_from_db()
    assert (branch.state, branch.live) == (BranchState.DESTROYED, None), world.story()
    assert not world.cloud.leftovers
    assert not Deployment.objects.filter(cleaned_at=None).exists()


#: In CI all moments are tried; on somebody's own machine a third each day, which is minutes less.
_SHARE = 1 if os.environ.get("CI") or os.environ.get("EDAHA_EVERY_CRASH") else 3

_LEFT_ALONE = {"nothing": Ending(_nothing, _is_live)}
_WAYS = {
    "deploy": (_two_services_and_a_hook, _LEFT_ALONE),
    "redeploy": (_live_and_wanted_anew, _LEFT_ALONE),
    "people change their minds": (
        _new_and_wanted,
        {
            "a newer commit": Ending(_newer_commit, _is_live),
            "a click on destroy": Ending(_destroy, _is_gone),
            "a click on cancel": Ending(_cancel, _is_cancelled_or_was_live),
        },
    ),
    "destroy": (_live_and_unwanted, {"nothing": Ending(_nothing, _is_gone)}),
}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="its file is what can be set back")
@pytest.mark.parametrize(("prepare", "endings"), _WAYS.values(), ids=_WAYS.keys())
def test_a_worker_killed_at_any_point_leaves_work_that_is_picked_up(
    world: World,
    prepare: Prepare,
    endings: dict[str, Ending],
    capsys: pytest.CaptureFixture[str],
) -> None:
    branch = prepare(world)
    paths = Paths(world, branch, endings, share=_SHARE)
    paths.walk()
    with capsys.disabled():
        print(f"\n{paths.figures}")
    assert not paths.problems, "\n".join(paths.problems[:5])
    assert len(paths.points) > 50
    assert len(paths.tried) >= len(paths.points) // (2 * _SHARE)
    if _SHARE == 1:
        assert paths.tried == paths.points


def test_a_worker_killed_at_some_points_on_any_database(world: World) -> None:
    """Here each kill begins anew, which takes too long to do it everywhere."""
    _two_services_and_a_hook(world)
    done = work(world.settle, world.cloud, world.ears)
    assert done is not None
    # Later runs have a mirror already, and so fewer points.
    for at in range(0, len(done.points) // 2, len(done.points) // 10):
        branch = _two_services_and_a_hook(world)
        assert work(world.settle, world.cloud, world.ears, kill_at=at) is None
        world.ears.take()
        world.settle()
        _is_live(world, branch)

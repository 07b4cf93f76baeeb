"""Going back to an earlier deployment, and deploying another commit than the head."""

import pytest

from deployments import intake
from deployments.adapters import ecr
from deployments.errors import UserError
from deployments.models import Branch, Deployment, Image
from deployments.states import BranchState, DeploymentState

from .world import FakeBuildx, World

pytestmark = pytest.mark.django_db
LOST = "sha256:" + "0" * 64


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has whatever was built, as the fake of buildx pushes nothing."""
    monkeypatch.setattr(ecr, "has_image", lambda _name, digest: digest != LOST)


def two_deployments(world: World) -> tuple[Branch, Deployment, Deployment]:
    """One that was live, and one that is."""
    branch = world.new_branch("main")
    first = world.push(branch)
    world.settle()
    world.origin.commit({"page.html": "newer"})
    second = world.push(branch)
    world.settle()
    branch.refresh_from_db()
    assert branch.live == second, world.story()
    return branch, first, second


def test_rolling_back_builds_nothing(world: World, buildx: FakeBuildx) -> None:
    branch, first, second = two_deployments(world)
    assert list(intake.rollback_targets(branch)) == [first]
    built = buildx.builds
    back = intake.roll_back(branch, first, actor="mika")
    world.settle()
    branch.refresh_from_db()
    assert (branch.state, branch.live) == (BranchState.LIVE, back), world.story()
    assert buildx.builds == built
    assert back.builds.get().reference == first.builds.get().reference
    back.refresh_from_db()
    assert (back.commit, back.trigger, back.build_reused) == (first.commit, "rollback", True)
    # What is wanted of the branch is its head, as before.
    assert branch.wanted_commit == second.commit
    assert back.transitions.first().reason == "Back to #1"  # type: ignore[union-attr]


def test_an_image_that_was_built_anew_meanwhile_is_gone_back_to_all_the_same(
    world: World, buildx: FakeBuildx
) -> None:
    branch, first, _second = two_deployments(world)
    Image.objects.all().delete()
    back = intake.roll_back(branch, first, actor="mika")
    world.settle()
    branch.refresh_from_db()
    assert branch.live == back, world.story()


def test_an_image_that_is_gone_says_so(world: World, buildx: FakeBuildx) -> None:
    branch, first, second = two_deployments(world)
    first.builds.update(reference=f"registry/acme/shop@{LOST}")
    back = intake.roll_back(branch, first, actor="mika")
    world.settle()
    back.refresh_from_db()
    branch.refresh_from_db()
    assert back.state == DeploymentState.FAILED
    assert "is gone" in back.error
    assert branch.live == second


def test_a_second_click_goes_back_once(world: World, buildx: FakeBuildx) -> None:
    branch, first, _second = two_deployments(world)
    back = intake.roll_back(branch, first, actor="mika")
    assert intake.roll_back(branch, first, actor="mika") == back
    # A redeploy is another wish, even though something waits.
    assert intake.redeploy(branch, actor="mika") != back


def test_only_the_branchs_own_deployments_can_be_gone_back_to(
    world: World, buildx: FakeBuildx
) -> None:
    branch, first, _second = two_deployments(world)
    other = Branch.for_name(branch.repository, "other")
    with pytest.raises(UserError, match="no image"):
        intake.roll_back(other, first, actor="mika")


def test_what_was_destroyed_is_redeployed_first(world: World, buildx: FakeBuildx) -> None:
    branch, first, _second = two_deployments(world)
    intake.destroy(branch, actor="mika", reason="over")
    with pytest.raises(UserError, match="destroyed"):
        intake.roll_back(branch, first, actor="mika")
    with pytest.raises(UserError, match="destroyed"):
        intake.deploy_commit(branch, first.commit, actor="mika")


def test_another_commit_of_the_branch(world: World, buildx: FakeBuildx) -> None:
    branch, first, second = two_deployments(world)
    chosen = intake.deploy_commit(branch, f" {first.commit[:7].upper()} ", actor="mika")
    world.settle()
    chosen.refresh_from_db()
    branch.refresh_from_db()
    assert branch.live == chosen, world.story()
    assert chosen.commit == first.commit
    assert branch.wanted_commit == second.commit


def test_a_commit_of_another_branch_is_refused(world: World, buildx: FakeBuildx) -> None:
    branch, _first, second = two_deployments(world)
    stray = world.origin.commit({"stray.html": "stray"}, branch="stray")
    world.origin.git("checkout", "--quiet", "main")
    chosen = intake.deploy_commit(branch, stray, actor="mika")
    world.settle()
    chosen.refresh_from_db()
    branch.refresh_from_db()
    assert chosen.state == DeploymentState.FAILED
    assert "has no commit" in chosen.error
    assert branch.live == second


@pytest.mark.parametrize(
    "text", ["", "main", "3f2a", "--all", "HEAD~1", "3f2a1bc^{/x}", "x" * 9000]
)
def test_what_is_no_hash_is_told_at_once(branch: Branch, text: str) -> None:
    with pytest.raises(UserError, match="not a commit"):
        intake.deploy_commit(branch, text, actor="mika")
    assert not branch.deployments.exists()


def test_what_came_since_the_deployment_before_is_remembered(
    world: World, buildx: FakeBuildx
) -> None:
    _branch, first, second = two_deployments(world)
    second.refresh_from_db()
    assert second.previous_commit == first.commit
    assert [each["commit"] for each in second.commits] == [second.commit]
    assert second.commits[0]["subject"] == "Change"
    assert second.commits_count == 1


def test_hostile_subjects_are_kept_as_text(world: World, buildx: FakeBuildx) -> None:
    branch, _first, _second = two_deployments(world)
    said = "<script>alert(1)</script>\x1f\x1b[31m\u202e" + "x" * 500
    for text in (said, "of bytes"):
        world.origin.git("commit", "--quiet", "--allow-empty", "--message", text)
    third = world.push(branch)
    world.settle()
    third.refresh_from_db()
    assert third.state == DeploymentState.LIVE, world.story()
    assert third.commits_count == 2
    assert third.commits[1]["subject"] == said[:200]

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from deployments.models import Branch
from deployments.states import BranchState, DeploymentState, Wanted

from .rows import a_branch, a_deployment, a_live_branch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("woken")]


def press(client: Client, branch: Branch, action: str, **data: Any) -> str:
    response = client.post(f"/branches/{branch.pk}/{action}", data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_redeploy_wishes_for_the_same_commit_again(deployer: Client) -> None:
    branch = a_live_branch()
    page = press(deployer, branch, "redeploy", generation=branch.generation, no_cache="on")
    newest = branch.deployments.get(generation=2)
    assert (newest.commit, newest.actor, newest.no_cache) == (branch.wanted_commit, "mika", True)
    assert "The deployment is on its way." in page


def test_a_second_click_redeploys_nothing(deployer: Client) -> None:
    branch = a_live_branch()
    seen = branch.generation
    press(deployer, branch, "redeploy", generation=seen)
    page = press(deployer, branch, "redeploy", generation=seen)
    assert branch.deployments.count() == 2
    assert "already on its way" in page


def test_redeploy_says_why_it_cannot(deployer: Client) -> None:
    branch = a_branch(wanted_commit="")
    page = press(deployer, branch, "redeploy", generation=branch.generation)
    assert "Push a commit first." in page


def test_a_destroyed_preview_comes_back_by_redeploy(deployer: Client) -> None:
    branch = a_branch(state=BranchState.DESTROYED, wanted=Wanted.ABSENT)
    press(deployer, branch, "redeploy", generation=branch.generation)
    branch.refresh_from_db()
    assert (branch.wanted, branch.state) == (Wanted.PRESENT, BranchState.PENDING)


def test_destroy_asks_first(deployer: Client) -> None:
    branch = a_live_branch()
    page = deployer.get(f"/branches/{branch.pk}/destroy").content.decode()
    assert "Destroy this preview?" in page
    branch.refresh_from_db()
    assert branch.wanted == Wanted.PRESENT


def test_destroy_wishes_the_preview_away_once(deployer: Client) -> None:
    branch = a_live_branch()
    assert "is being taken down" in press(deployer, branch, "destroy/confirmed")
    assert "was destroyed before" in press(deployer, branch, "destroy/confirmed")
    branch.refresh_from_db()
    assert branch.wanted == Wanted.ABSENT
    assert branch.transitions.filter(after=BranchState.DESTROYING).count() == 1


def test_cancel_asks_first_about_what_is_on_its_way_now(deployer: Client) -> None:
    branch = a_live_branch()
    newest = a_deployment(branch, DeploymentState.BUILDING)
    page = deployer.get(f"/branches/{branch.pk}/cancel").content.decode()
    assert "Cancel deployment #2?" in page
    assert "The version before goes on being served." in page
    assert f"/deployments/{newest.pk}/cancel" in page


def test_cancel_ends_the_deployment_once_and_keeps_the_reason(deployer: Client) -> None:
    branch = a_live_branch()
    newest = a_deployment(branch, DeploymentState.BUILDING)
    address = f"/deployments/{newest.pk}/cancel"
    first = deployer.post(address, {"reason": " wrong branch\x00 "}, follow=True)
    assert "The deployment is cancelled." in first.content.decode()
    assert "Try again" in first.content.decode()
    second = deployer.post(address, {"reason": "again"}, follow=True)
    assert "It had come to an end already." in second.content.decode()
    newest.refresh_from_db()
    assert newest.error == "Cancelled by mika: wrong branch"
    assert newest.transitions.get().reason == "wrong branch"
    assert "Nothing is on its way." in (
        deployer.get(f"/branches/{branch.pk}/cancel").content.decode()
    )


def test_a_preview_is_pinned_once_and_says_by_whom(deployer: Client) -> None:
    branch = a_live_branch(expires_at=timezone.now())
    page = press(deployer, branch, "pin", reason="for the fair")
    assert "It stays until somebody unpins it." in page
    assert "Pinned by mika" in page
    assert "Pinned: for the fair" in page
    assert "It was pinned before." in press(deployer, branch, "pin")
    assert "pinned" in deployer.get("/").content.decode()
    assert "Its time begins anew." in press(deployer, branch, "unpin")
    assert "It was not pinned." in press(deployer, branch, "unpin")
    branch.refresh_from_db()
    assert (branch.pinned_at, branch.expires_at is None) == (None, False)
    assert branch.transitions.count() == 2


def test_a_preview_that_ends_soon_is_kept_longer(deployer: Client) -> None:
    branch = a_live_branch(expires_at=timezone.now(), expiry_warned_at=timezone.now())
    assert "ends soon" in deployer.get("/").content.decode()
    assert "Its time begins anew." in press(deployer, branch, "extend")
    branch.refresh_from_db()
    assert branch.expiry_warned_at is None
    assert "ends soon" not in deployer.get("/").content.decode()


def test_what_was_destroyed_cannot_be_pinned_and_that_is_said(deployer: Client) -> None:
    branch = a_branch(state=BranchState.DESTROYED, wanted=Wanted.ABSENT)
    assert "There is no preview to keep" in press(deployer, branch, "pin")


def test_reasons_are_cut_and_shown_in_the_history(deployer: Client) -> None:
    branch = a_live_branch()
    page = press(
        deployer, branch, "redeploy", generation=branch.generation, reason="<b>" + "x" * 600
    )
    assert "&lt;b&gt;" + "x" * 497 in page
    assert "x" * 498 not in page
    press(deployer, branch, "destroy/confirmed", reason="too old")
    assert branch.transitions.get(after=BranchState.DESTROYING).reason == "too old"


ACTIONS = ["redeploy", "destroy/confirmed", "pin", "unpin", "extend"]


@pytest.mark.parametrize("action", ACTIONS)
def test_viewers_may_not(viewer: Client, action: str) -> None:
    branch = a_live_branch()
    response = viewer.post(f"/branches/{branch.pk}/{action}", {"generation": 1})
    assert response.status_code == 403
    branch.refresh_from_db()
    assert (branch.wanted, branch.generation) == (Wanted.PRESENT, 1)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_link_changes_nothing(deployer: Client, action: str) -> None:
    branch = a_branch()
    a_deployment(branch)
    assert deployer.get(f"/branches/{branch.pk}/{action}").status_code == 405


def test_viewers_may_not_cancel(viewer: Client) -> None:
    deployment = a_deployment(a_branch(), DeploymentState.BUILDING)
    assert viewer.post(f"/deployments/{deployment.pk}/cancel").status_code == 403
    deployment.refresh_from_db()
    assert deployment.state == DeploymentState.BUILDING

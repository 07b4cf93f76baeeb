from typing import Any

import pytest
from django.test import Client

from deployments.models import Branch
from deployments.states import BranchState, Wanted

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


@pytest.mark.parametrize("action", ["redeploy", "destroy/confirmed"])
def test_viewers_may_not(viewer: Client, action: str) -> None:
    branch = a_live_branch()
    response = viewer.post(f"/branches/{branch.pk}/{action}", {"generation": 1})
    assert response.status_code == 403
    branch.refresh_from_db()
    assert (branch.wanted, branch.generation) == (Wanted.PRESENT, 1)


@pytest.mark.parametrize("action", ["redeploy", "destroy/confirmed"])
def test_a_link_changes_nothing(deployer: Client, action: str) -> None:
    branch = a_branch()
    a_deployment(branch)
    assert deployer.get(f"/branches/{branch.pk}/{action}").status_code == 405

import pytest

from deployments.models import Branch
from deployments.states import BranchState, Wanted
from tests.dashboard.rows import a_branch, a_live_branch

from .conftest import Caller


def test_redeploy_answers_with_the_new_deployment(deployer: Caller) -> None:
    branch = a_live_branch()
    answer = deployer("POST", f"/branches/{branch.pk}/deployments")
    newest = branch.deployments.get(generation=2)
    assert answer.status_code == 202
    assert answer.json()["id"] == newest.pk
    assert answer.json()["state"] == "queued"
    assert (newest.actor, newest.no_cache) == ("a deployer (API)", False)


def test_redeploy_may_ask_for_a_build_without_cache(deployer: Caller) -> None:
    branch = a_live_branch()
    path = f"/branches/{branch.pk}/deployments"
    assert deployer("POST", path, json={"no_cache": True}).status_code == 202
    assert branch.deployments.get(generation=2).no_cache is True
    assert deployer("POST", path, json={}).status_code == 202
    assert branch.deployments.get(generation=3).no_cache is False


def test_redeploy_says_why_it_cannot(deployer: Caller) -> None:
    branch = a_branch(wanted_commit="")
    answer = deployer("POST", f"/branches/{branch.pk}/deployments")
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "No commit of this branch is known yet."
    assert answer.json()["hint"] == "Push a commit first."


def test_destroy_answers_with_the_branch_and_may_be_repeated(deployer: Caller) -> None:
    branch = a_live_branch()
    for _ in range(2):
        answer = deployer("DELETE", f"/branches/{branch.pk}")
        assert (answer.status_code, answer.json()["state"]) == (202, "destroying")
        assert answer.json()["live"] is None
    stored = Branch.objects.get(pk=branch.pk)
    assert (stored.wanted, stored.state) == (Wanted.ABSENT, BranchState.DESTROYING)
    assert stored.generation == branch.generation + 1


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"no_cash": True}, 422, "body.no_cash: Extra inputs"),
        ({"no_cache": "yes"}, 422, "body.no_cache: Input should be a valid boolean"),
        ({"no_cache": None}, 422, "body.no_cache: Input should be a valid boolean"),
        ([], 422, "body.wish: "),
        ("{", 400, "Cannot parse request body"),
        ('{"no_cache": true', 400, "Cannot parse request body"),
        ("[" * 100_000, 400, "Cannot parse request body"),
        ("x" * 3_000_000, 413, "too large"),
    ],
)
def test_a_wish_that_is_not_understood_changes_nothing(
    deployer: Caller, body: object, status: int, said: str
) -> None:
    branch = a_live_branch()
    answer = deployer("POST", f"/branches/{branch.pk}/deployments", json=body)
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert branch.deployments.count() == 1

from typing import Any

import pytest

from deployments.models import Approval, Branch, Deployment, Repository
from tests.dashboard.rows import COMMIT, a_fork, a_live_branch

from .conftest import Caller

OTHER = "d" * 40


def approve(caller: Caller, branch: Branch, commit: str = COMMIT, **more: Any) -> Any:
    return caller("POST", f"/branches/{branch.pk}/approvals", json={"commit": commit, **more})


def test_what_waits_is_told_without_a_new_state(viewer: Caller) -> None:
    branch = a_fork()
    told = viewer("GET", f"/branches/{branch.pk}").json()
    assert (told["state"], told["waiting_for"], told["waiting_commit"]) == (
        "pending",
        "approval",
        COMMIT,
    )
    assert (told["is_fork"], told["head_repository"]) == (True, "octocat/shop")
    own = viewer("GET", f"/branches/{a_live_branch().pk}").json()
    assert (own["is_fork"], own["waiting_for"]) == (False, "")


def test_an_approval_answers_with_its_deployment(deployer: Caller) -> None:
    branch = a_fork()
    answer = approve(deployer, branch, reason="read it")
    assert answer.status_code == 202
    assert (answer.json()["commit"], answer.json()["trigger"]) == (COMMIT, "approval")
    (told,) = deployer("GET", f"/branches/{branch.pk}/approvals").json()
    assert (told["commit"], told["actor"], told["reason"]) == (
        COMMIT,
        "a deployer (API)",
        "read it",
    )
    assert told["deployment"] == answer.json()["id"]


def test_a_head_that_has_moved_is_a_conflict(deployer: Caller) -> None:
    branch = a_fork(waiting_commit=OTHER)
    answer = approve(deployer, branch)
    assert answer.status_code == 409
    assert answer.json()["detail"] == "Another commit waits by now: dddddddddddd."
    assert not Deployment.objects.exists()


def test_a_replayed_call_is_a_conflict(deployer: Caller) -> None:
    branch = a_fork()
    assert approve(deployer, branch).status_code == 202
    assert approve(deployer, branch).status_code == 409
    assert Deployment.objects.count() == Approval.objects.count() == 1


@pytest.mark.parametrize("commit", ["", "HEAD", COMMIT[:7], COMMIT.upper(), f"{COMMIT}0", None])
def test_nothing_but_a_whole_hash_is_taken(deployer: Caller, commit: Any) -> None:
    assert approve(deployer, a_fork(), commit).status_code == 422
    assert deployer("POST", f"/branches/{a_fork().pk}/approvals").status_code == 422
    assert not Deployment.objects.exists()


def test_a_viewer_may_not(viewer: Caller) -> None:
    branch = a_fork()
    assert approve(viewer, branch).status_code == 403
    path = f"/branches/{branch.pk}/rejections"
    assert viewer("POST", path, json={"commit": COMMIT}).status_code == 403
    assert not Approval.objects.exists()


def test_a_branch_of_the_repository_needs_none(deployer: Caller) -> None:
    answer = approve(deployer, a_live_branch())
    assert answer.status_code == 409
    assert answer.json()["detail"] == "This commit does not wait for an approval."


def test_forks_that_are_turned_off_meanwhile_are_not_approved(deployer: Caller) -> None:
    branch = a_fork()
    Repository.objects.update(forks=Repository.Forks.OFF)
    assert approve(deployer, branch).status_code == 409
    (told,) = deployer("GET", "/repositories").json()
    assert told["forks"] == "off"


def test_a_rejection_answers_with_the_branch(deployer: Caller) -> None:
    branch = a_fork()
    path = f"/branches/{branch.pk}/rejections"
    answer = deployer("POST", path, json={"commit": COMMIT, "reason": "spam"})
    assert (answer.status_code, answer.json()["waiting_for"]) == (202, "")
    assert deployer("POST", path, json={"commit": COMMIT}).status_code == 409


@pytest.mark.parametrize("commit", [COMMIT, COMMIT[:7], OTHER])
def test_another_commit_of_a_fork_takes_an_approval_too(deployer: Caller, commit: str) -> None:
    branch = a_fork()
    answer = deployer("POST", f"/branches/{branch.pk}/deployments", json={"commit": commit})
    assert answer.status_code == 409
    assert not Deployment.objects.exists()

import pytest
from django.utils import timezone

from deployments.models import Branch, Build, Reconciliation
from deployments.states import BranchState, DeploymentState, Wanted
from tests.dashboard.rows import a_branch, a_deployment, a_live_branch

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


def test_another_commit_may_be_asked_for(deployer: Caller) -> None:
    branch = a_live_branch()
    answer = deployer("POST", f"/branches/{branch.pk}/deployments", json={"commit": "3f2a1bc"})
    assert (answer.status_code, answer.json()["trigger"]) == (202, "commit")
    assert branch.deployments.get(generation=2).commit == "3f2a1bc"


def test_an_earlier_deployment_may_be_gone_back_to(deployer: Caller) -> None:
    branch = a_live_branch()
    first = branch.deployments.get()
    path = f"/deployments/{first.pk}/rollback"
    assert deployer("POST", path).status_code == 409
    Build.objects.create(deployment=first, name="app", reference="r/x@sha256:" + "0" * 64)
    answer = deployer("POST", path, json={"reason": "the fair"})
    assert (answer.status_code, answer.json()["trigger"]) == (202, "rollback")
    assert branch.deployments.get(generation=2).rolls_back_to == first
    assert deployer("POST", "/deployments/999/rollback").status_code == 404


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


def test_a_reason_is_kept_with_whoever_gave_it(deployer: Caller) -> None:
    branch = a_live_branch()
    deployer("POST", f"/branches/{branch.pk}/deployments", json={"reason": "  new secrets "})
    deployer("DELETE", f"/branches/{branch.pk}", json={"reason": "too old"})
    told = branch.transitions.order_by("pk").values_list("reason", "actor")
    assert ("new secrets", "a deployer (API)") in told
    assert ("too old", "a deployer (API)") in told


def test_a_deployment_on_its_way_is_cancelled_once(deployer: Caller) -> None:
    branch = a_live_branch()
    deployment = a_deployment(branch, DeploymentState.BUILDING)
    path = f"/deployments/{deployment.pk}"
    answer = deployer("DELETE", path, json={"reason": "wrong branch"})
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert answer.json()["error"] == "Cancelled by a deployer (API): wrong branch"
    again = deployer("DELETE", path)
    assert again.status_code == 409
    assert again["Content-Type"] == "application/problem+json"
    assert (
        again.json()["detail"] == f"Deployment {deployment.pk} is not on its way: it is cancelled."
    )
    stored = Branch.objects.get(pk=branch.pk)
    assert (stored.state, stored.live_id) == (BranchState.LIVE, branch.live_id)


def test_a_pin_is_set_and_taken_away_as_often_as_one_likes(deployer: Caller) -> None:
    path = f"/branches/{a_live_branch().pk}/pin"
    for _ in range(2):
        pinned = deployer("PUT", path, json={"reason": "for the fair"})
        assert pinned.status_code == 200
        assert pinned.json()["pinned_by"] == "a deployer (API)"
        assert pinned.json()["pinned_at"] is not None
        assert pinned.json()["expires_at"] is None
    for _ in range(2):
        unpinned = deployer("DELETE", path)
        assert (unpinned.status_code, unpinned.json()["pinned_at"]) == (200, None)
        assert unpinned.json()["expires_at"] is not None


def test_a_preview_is_kept_longer(deployer: Caller) -> None:
    branch = a_live_branch(expires_at=timezone.now(), expiry_warned_at=timezone.now())
    answer = deployer("POST", f"/branches/{branch.pk}/extension")
    assert answer.status_code == 200
    assert answer.json()["expires_at"] > timezone.now().isoformat()
    assert Branch.objects.get(pk=branch.pk).expiry_warned_at is None


@pytest.mark.parametrize(("method", "what"), [("PUT", "pin"), ("POST", "extension")])
def test_what_is_gone_cannot_be_kept(deployer: Caller, method: str, what: str) -> None:
    branch = a_branch(state=BranchState.DESTROYED, wanted=Wanted.ABSENT)
    answer = deployer(method, f"/branches/{branch.pk}/{what}")
    assert answer.status_code == 409
    assert answer.json()["hint"] == "Redeploy it first."


def test_a_comparison_is_asked_for_once_while_it_runs(deployer: Caller) -> None:
    first = deployer("POST", "/reconciliations")
    second = deployer("POST", "/reconciliations")
    assert first.status_code == second.status_code == 202
    assert first.json()["id"] == second.json()["id"]
    assert first.json()["asked_by"] == "a deployer (API)"
    Reconciliation.objects.update(
        finished_at=timezone.now(),
        counts={"branches": 3},
        findings=[{"what": "The service of x was gone.", "done": "It is deployed again."}],
        problems=["GitHub did not answer."],
    )
    deployer("POST", "/reconciliations")
    listed = deployer("GET", "/reconciliations").json()
    assert [each["finished_at"] is None for each in listed] == [True, False]
    assert listed[1]["findings"][0]["done"] == "It is deployed again."
    assert (listed[1]["counts"], listed[1]["problems"]) == (
        {"branches": 3},
        ["GitHub did not answer."],
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/deployments/{}"),
        ("PUT", "/branches/{}/pin"),
        ("DELETE", "/branches/{}/pin"),
        ("POST", "/branches/{}/extension"),
        ("POST", "/reconciliations"),
        ("GET", "/reconciliations"),
    ],
)
def test_viewers_may_not(viewer: Caller, method: str, path: str) -> None:
    branch = a_branch()
    a_deployment(branch)
    assert viewer(method, path.format(branch.pk)).status_code == 403
    assert not Reconciliation.objects.exists()
    assert not branch.transitions.exists()


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"reason": "x" * 501}, 422, "body.reason: String should have at most 500 characters"),
        ({"no_cash": True}, 422, "body.no_cash: Extra inputs"),
        ({"no_cache": "yes"}, 422, "body.no_cache: Input should be a valid boolean"),
        ({"no_cache": None}, 422, "body.no_cache: Input should be a valid boolean"),
        ({"commit": "HEAD~1"}, 422, "body.commit: String should match pattern"),
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

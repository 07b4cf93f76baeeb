"""Images that were built elsewhere are handed over by the API: who may, and what is answered."""

import json
from typing import Any

import pytest
from django.test import Client

from deployments import handing
from deployments.errors import UserError
from deployments.handing import Given, NotApproved, NotThere
from deployments.models import ApiToken, AuditEntry, Deployment, ImageSet, Repository
from deployments.states import DeploymentState
from tests.dashboard.rows import a_branch, a_deployment, a_repository

from .conftest import Caller
from .test_workflows import Make, issuer, token

__all__ = ["issuer", "token"]

COMMIT = "d" * 40
REFERENCE = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/edaha/acme-shop@sha256:{'0' * 64}"
WISH = {"repository": "acme/shop", "branch": "main", "commit": COMMIT, "images": {"app": REFERENCE}}
PLAN = f"/build-plan?repository=acme/shop&branch=main&commit={COMMIT}"


@pytest.fixture
def waiting(db: None) -> Deployment:
    branch = a_branch("main")
    made = a_deployment(branch, DeploymentState.QUEUED, is_built_elsewhere=True)
    branch.deployment = made
    branch.save()
    return made


@pytest.fixture
def accepted(waiting: Deployment, monkeypatch: pytest.MonkeyPatch) -> list[Given]:
    """What came as far as the domain, which takes everything here; it has tests of its own."""
    came: list[Given] = []

    def take(repository: Repository, given: Given, *, actor: str) -> Deployment:
        came.append(given)
        return waiting

    monkeypatch.setattr(handing, "hand_over", take)
    return came


def test_it_is_answered_with_the_deployment(
    deployer: Caller, accepted: list[Given], waiting: Deployment
) -> None:
    answer = deployer(
        "POST", "/deployments", json=WISH | {"reason": "built", "run_url": "https://x"}
    )
    assert (answer.status_code, answer.json()["id"]) == (202, waiting.pk)
    assert accepted == [Given("main", COMMIT, {"app": REFERENCE}, "https://x", "built")]
    noted = AuditEntry.objects.get(action="preview.hand_over")
    assert (noted.actor, noted.reason) == ("a deployer (API)", "built")
    assert noted.after["images"] == {"app": REFERENCE}


def test_a_repeated_call_is_made_once(deployer: Caller, accepted: list[Given]) -> None:
    key = {"Idempotency-Key": "run-4711"}
    answers = [deployer("POST", "/deployments", json=WISH, headers=key) for _ in range(2)]
    assert [each.status_code for each in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert len(accepted) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"commit": "d" * 7},
        {"commit": "--upload-pack=x" + "d" * 25},
        {"repository": "shop"},
        {"branch": ""},
        {"branch": "a\x00b"},
        {"images": {}},
        {"images": {"app": 4}},
        {"images": {f"i{number}": REFERENCE for number in range(51)}},
        {"run_url": "x" * 501},
        {"nonsense": 1},
    ],
    ids=lambda change: json.dumps(change)[:30],
)
def test_what_makes_no_sense_is_told(
    deployer: Caller, accepted: list[Given], change: dict[str, Any]
) -> None:
    answer = deployer("POST", "/deployments", json=WISH | change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"].startswith("body")
    assert not accepted


def test_viewers_hand_nothing_over(viewer: Caller, accepted: list[Given]) -> None:
    for answer in (viewer("POST", "/deployments", json=WISH), viewer("GET", PLAN)):
        assert (answer.status_code, answer.json()["detail"]) == (
            403,
            "This needs the role deployer.",
        )
    assert not accepted


def test_a_token_of_another_repository_sees_none(
    waiting: Deployment, accepted: list[Given]
) -> None:
    Repository.objects.update(is_private=True)
    stranger = Caller("deployer")
    stranger.token = ApiToken.issue("b", "deployer", repositories=[a_repository("acme/other")])
    for answer in (stranger("POST", "/deployments", json=WISH), stranger("GET", PLAN)):
        assert answer.status_code == 404
    assert not accepted


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (NotThere("There is no branch main in acme/shop."), 404),
        (NotApproved("It comes from a fork.", hint="Approve it."), 403),
        (UserError("A newer commit is wanted.", hint="Nothing has to be done."), 409),
    ],
)
def test_each_refusal_has_its_status(
    deployer: Caller,
    waiting: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    problem: UserError,
    status: int,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr(handing, "hand_over", refuse)
    monkeypatch.setattr(handing, "build_plan", refuse)
    for answer in (deployer("POST", "/deployments", json=WISH), deployer("GET", PLAN)):
        assert answer.status_code == status
        assert problem.message in answer.json()["detail"]
        assert not AuditEntry.objects.filter(action="preview.hand_over").exists()


def test_where_edaha_builds_it_says_so(deployer: Caller, waiting: Deployment) -> None:
    for answer in (deployer("POST", "/deployments", json=WISH), deployer("GET", PLAN)):
        assert answer.status_code == 409
        assert answer.json()["detail"] == "Edaha itself builds the images of acme/shop."
        assert "--builds actions" in answer.json()["hint"]


def test_what_waits_says_what_for(viewer: Caller, waiting: Deployment) -> None:
    branch = viewer("GET", f"/branches/{waiting.branch_id}").json()
    assert branch["waiting_for"] == "images"
    told = branch["deployment"]
    assert told["waiting_for"] == "It waits for the images that GitHub Actions builds."
    assert (told["queue_position"], told["run_url"]) == (None, "")


def test_what_was_built_elsewhere_names_its_run(viewer: Caller, waiting: Deployment) -> None:
    run = "https://github.com/acme/shop/actions/runs/1"
    repository = waiting.branch.repository
    waiting.image_set = ImageSet.objects.create(
        repository=repository, branch_name="main", commit=COMMIT, images={}, run_url=run
    )
    waiting.save()
    told = viewer("GET", f"/deployments/{waiting.pk}").json()
    assert told["run_url"] == run
    assert told["waiting_for"] == "It waits for a free build worker."


def test_the_setting_is_changed_by_the_api(waiting: Deployment) -> None:
    admin = Caller("admin")
    path = f"/repositories/{waiting.branch.repository_id}"
    assert admin("PATCH", path, json={"builds": "actions"}).json()["builds"] == "actions"
    assert admin("GET", path).json()["builds"] == "actions"
    assert admin("PATCH", path, json={"builds": "jenkins"}).status_code == 422


class TestWorkflows:
    """Whoever may push some branch writes its workflow: it speaks for that branch alone."""

    @pytest.fixture(autouse=True)
    def _allowed(self, waiting: Deployment) -> None:
        Repository.objects.update(workflow_role="deployer")

    def hand_over(self, token: str, branch: str) -> Any:
        return Client().post(
            "/api/v1/deployments",
            WISH | {"branch": branch},
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )

    def test_its_own_branch(self, token: Make, accepted: list[Given]) -> None:
        assert self.hand_over(token(), "main").status_code == 202

    @pytest.mark.parametrize(
        "ref", ["refs/heads/feature/x", "refs/tags/main", "refs/heads/main2", "main"]
    )
    def test_no_other_branch(self, token: Make, accepted: list[Given], ref: str) -> None:
        answer = self.hand_over(token(ref=ref), "main")
        assert answer.status_code == 403
        assert ref in answer.json()["detail"]
        assert accepted == []

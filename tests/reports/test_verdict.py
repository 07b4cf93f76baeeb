"""Whatever becomes of a commit: nothing stays pending."""

import json
from dataclasses import replace
from typing import Any

import pytest

from deployments import approving, decisions, intake
from deployments.adapters import git
from deployments.causes import Cause
from deployments.models import Branch, Deployment, Outgoing, Repository
from deployments.payloads import Event, parse
from deployments.reports import verdict
from deployments.states import ACTIVE, BranchState, DeploymentState
from tests import github as examples

from .moving import destroy, fail, go_live, move, wish

pytestmark = pytest.mark.django_db
_S = DeploymentState
A = "a" * 40


def _of(branch: Branch, commit: str = A) -> verdict.Verdict:
    row = Outgoing.objects.get(kind="check", key=commit)
    return verdict.of(branch.repository, commit, row.payload.get("reason", ""))


@pytest.mark.parametrize("state", DeploymentState)
def test_every_final_state_has_a_conclusion(branch: Branch, state: DeploymentState) -> None:
    deployment = wish(branch)
    Deployment.objects.filter(pk=deployment.pk).update(state=state)
    found = _of(branch)
    assert bool(found.conclusion) == (state not in ACTIVE)
    assert found.as_status()["state"] == "pending" or found.conclusion
    assert found.title and found.summary and found.url.startswith("http")
    assert found.is_final == (state not in ACTIVE)


def test_a_failure_says_why_and_where(branch: Branch) -> None:
    error = "The image could not be built (docker/Dockerfile:12): exit code: 1"
    fail(wish(branch), error=error, hint="Run it.", cause=Cause.DOCKERFILE)
    check = _of(branch).as_check()
    assert (check["status"], check["conclusion"]) == ("completed", "failure")
    assert error in check["output"]["summary"] and "1. Read the error" in check["output"]["summary"]
    (annotation,) = check["output"]["annotations"]
    assert (annotation["path"], annotation["start_line"]) == ("docker/Dockerfile", 12)
    assert check["details_url"].endswith("/log")


def test_definitions_are_annotated_line_by_line() -> None:
    error = "\n".join(
        [
            "edaha.yml:3: “cpu” is no number",
            "    Give one.",
            "deploy/task.json:9: no image",
            "/etc/passwd:1: out of the repository",
            "../up.yml:1: out of it, too",
            "edaha.yml: no line",
            *(f"edaha.yml:{n}: wrong" for n in range(10, 90)),
        ]
    )
    found = verdict.annotations(error, "", "The definitions cannot be used.")
    assert len(found) == verdict.MOST_ANNOTATIONS
    assert found[0] == ("edaha.yml", 3, "“cpu” is no number")
    assert found[1] == ("deploy/task.json", 9, "no image")
    assert {each.path for each in found} == {"edaha.yml", "deploy/task.json"}


def test_who_is_overtaken_is_told_by_whom(branch: Branch) -> None:
    wish(branch, "a")
    wish(branch, "b")
    found = _of(branch)
    assert (found.conclusion, found.title) == ("neutral", f"Superseded by {'b' * 7}")
    assert _of(branch, "b" * 40).conclusion == ""


def test_who_is_destroyed_before_it_is_ready_ends(branch: Branch) -> None:
    wish(branch)
    destroy(branch)
    found = _of(branch)
    assert found.conclusion == "neutral" and "destroyed" in found.title


def test_cancelled_is_cancelled(branch: Branch) -> None:
    intake.cancel(wish(branch), actor="mika", reason="later")
    found = _of(branch)
    assert found.conclusion == "cancelled" and "mika" in found.summary
    assert found.as_status()["state"] == "error"


def test_the_same_commit_again_is_pending_again_and_ends_again(branch: Branch) -> None:
    fail(wish(branch))
    assert _of(branch).conclusion == "failure"
    again = wish(branch)
    assert _of(branch).conclusion == ""
    go_live(again)
    assert _of(branch).conclusion == "success"


@pytest.fixture
def stranger(shop: Repository) -> Branch:
    branch = Branch.for_fork(shop, 9, state=BranchState.DESTROYED, wanted="absent")
    branch.pull_request = 9
    branch.save()
    assert approving.await_approval(branch, A, actor="mallory")
    return branch


def test_a_strangers_commit_asks_for_an_approval(stranger: Branch) -> None:
    found = _of(stranger)
    assert found.conclusion == "action_required" and found.url.endswith("/approval")
    assert found.as_status()["state"] == "failure"  # not pending for ever
    assert not found.is_final


def test_a_strangers_older_commit_is_superseded(stranger: Branch) -> None:
    stranger.refresh_from_db()
    Outgoing.objects.filter(key=A).update(done_at="2026-01-01T00:00Z")
    assert approving.await_approval(stranger, "b" * 40, actor="mallory")
    assert _of(stranger).conclusion == "neutral"
    assert Outgoing.objects.get(key=A).done_at is None  # it is told, too


def test_rejected_is_final(stranger: Branch) -> None:
    intake.reject(stranger, A, actor="mika", reason="a miner")
    found = _of(stranger)
    assert (found.conclusion, found.title) == ("neutral", "Rejected")
    assert "a miner" in found.summary and found.is_final


def test_a_closed_strangers_pull_request_waits_no_more(stranger: Branch) -> None:
    destroy(stranger)
    assert _of(stranger).is_final


def test_approved_it_is_on_its_way(stranger: Branch) -> None:
    intake.approve(stranger, A, actor="mika")
    assert _of(stranger).conclusion == ""


def _event(action: str = "opened", **more: Any) -> Event:
    body = examples.pull_request(action, "acme/shop", "feature/y", A)
    body["pull_request"] |= more
    return parse("pull_request", json.dumps(body).encode())


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        ({}, {"title": "Docs [skip preview]"}),
        ({"deploy_drafts": False}, {"draft": True}),
        ({}, {"labels": [{"name": "skip-preview"}]}),
        ({"policy": "patterns", "patterns": ["release/*"]}, {}),
    ],
    ids=["marker", "draft", "label", "filter"],
)
def test_a_commit_that_is_left_out_is_told_so(
    shop: Repository, settings: dict[str, Any], more: dict[str, Any]
) -> None:
    Repository.objects.update(**settings)
    shop.refresh_from_db()
    decision = decisions.decide(shop, _event(**more))
    assert decision.text.startswith("ignored: ")
    row = Outgoing.objects.get(kind="check", key=A)
    found = verdict.of(shop, A, row.payload["reason"])
    assert found.conclusion == "skipped" and found.title.startswith("No preview: ")
    assert found.as_status()["state"] == "success"


def test_a_fork_that_gets_no_preview_is_told_so(shop: Repository) -> None:
    shop.forks = Repository.Forks.OFF
    event = _event()
    assert event.pull_request is not None
    event = replace(event, pull_request=replace(event.pull_request, is_fork=True))
    decisions.decide(shop, event)
    row = Outgoing.objects.get(kind="check", key=A)
    assert "fork" in verdict.of(shop, A, row.payload["reason"]).title


def test_a_left_out_commit_that_is_deployed_after_all_is_told_as_that(
    shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions.decide(shop, _event(title="[skip preview] x"))
    monkeypatch.setattr(git, "read_head", lambda *_: A)
    monkeypatch.setattr(git, "commit_message", lambda *_: "A change")
    decisions.decide(shop, _event("edited"))
    decisions.decide(shop, _event("reopened"))
    row = Outgoing.objects.get(kind="check", key=A)
    found = verdict.of(shop, A, row.payload["reason"])
    assert found.conclusion == "" and row.done_at is None


def test_moves_are_told_with_the_lengths_that_github_takes(branch: Branch) -> None:
    move(wish(branch), _S.BUILDING, _S.FAILED, error="x" * 200_000, cause=Cause.OTHER)
    check = _of(branch).as_check()
    assert len(check["output"]["summary"]) <= 65_535
    assert len(_of(branch).as_status()["description"]) <= 140

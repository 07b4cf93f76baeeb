"""Moves of deployments, the way that workers make them."""

from typing import Any

from django.utils import timezone

from deployments import intake
from deployments.models import Branch, Deployment
from deployments.models.moves import move_branch, move_deployment
from deployments.states import BranchState, DeploymentState

_S = DeploymentState


def wish(branch: Branch, commit: str = "a") -> Deployment:
    branch.refresh_from_db()
    wished = intake.want_commit(branch, commit * 40, trigger=Deployment.Trigger.PUSH)
    assert wished is not None
    return wished


def move(deployment: Deployment, *states: DeploymentState, **fields: Any) -> Deployment:
    deployment.refresh_from_db()
    for state in states:
        assert move_deployment(deployment, state, **(fields if state == states[-1] else {}))
    return deployment


def go_live(deployment: Deployment) -> None:
    for state in (_S.BUILDING, _S.RELEASING, _S.VERIFYING):
        move(deployment, state)
    before = Branch.objects.get(pk=deployment.branch_id).live
    Branch.objects.filter(pk=deployment.branch_id).update(live=deployment)
    move(deployment, _S.LIVE, finished_at=timezone.now())
    if before is not None:
        move(before, _S.RETIRED)


def fail(deployment: Deployment, error: str = "Dockerfile:3: npm failed", **more: Any) -> None:
    move(deployment, _S.BUILDING, _S.FAILED, error=error, **more)


def destroy(branch: Branch) -> None:
    intake.destroy(branch, actor="mika", reason="Pull request #5 closed")
    branch.refresh_from_db()
    assert move_branch(branch, BranchState.DESTROYED)

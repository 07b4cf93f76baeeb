"""How work that is not wanted any more ends, at once or at its next heartbeat."""

from django.utils import timezone

from .adapters import wakeups
from .models import Branch, Deployment
from .models.moves import move_deployment
from .pipeline import queue
from .states import ACTIVE, DeploymentState


def cancel(deployment: Deployment, *, actor: str, reason: str = "") -> bool:
    """End what is on its way; what it made is removed, and the version before goes on serving.

    False when it has come to an end already.
    """
    said = f"Cancelled by {actor}: {reason}" if reason else f"Cancelled by {actor}."
    while deployment.state in ACTIVE:
        now = timezone.now()
        if move_deployment(
            deployment,
            DeploymentState.CANCELLED,
            reason=reason,
            actor=actor,
            error=said,
            # Whoever works on it loses it, and notices at its next heartbeat.
            lease_owner="",
            lease_until=None,
            finished_at=now,
            due_at=now,
        ):
            wakeups.wake(wakeups.CLEAN, deployment.pk)
            wakeups.notify(deployment=deployment.pk, branch=deployment.branch_id)
            queue.wake_next()
            return True
        deployment.refresh_from_db()
    return False


def end_started(branch: Branch) -> None:
    """End what is in ECS already, for a branch that is wished away."""
    # Here and not later: a branch that is wished back meanwhile knows nothing of them any more.
    now = timezone.now()
    for deployment in branch.deployments.filter(state=DeploymentState.LIVE):
        move_deployment(
            deployment, DeploymentState.RETIRED, reason="The branch is destroyed.", due_at=now
        )
    for deployment in branch.deployments.filter(state=DeploymentState.VERIFYING):
        move_deployment(
            deployment,
            DeploymentState.SUPERSEDED,
            reason="The branch is destroyed.",
            # Whoever is looking at it loses it.
            lease_owner="",
            lease_until=None,
            finished_at=now,
            due_at=now,
        )


def skip_queued(branch: Branch) -> None:
    """End what has not begun, and was wished for before the branch's newest wish."""
    # Running work notices by itself, at its next heartbeat.
    older = branch.deployments.filter(
        state=DeploymentState.QUEUED, generation__lt=branch.generation
    )
    for deployment in older:
        move_deployment(
            deployment,
            DeploymentState.SUPERSEDED,
            reason=f"Generation {branch.generation} came before it began.",
            # Whoever has just claimed it loses it.
            lease_owner="",
            lease_until=None,
            finished_at=timezone.now(),
            cleaned_at=timezone.now(),
        )

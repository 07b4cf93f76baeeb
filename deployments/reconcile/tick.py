"""Finds work that nobody was woken up for: lost wake-ups, dead workers, passed deadlines.

It only compares rows with the clock, in a few indexed queries, every second.
"""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from .. import intake
from ..adapters import wakeups
from ..models import Branch, Delivery, Deployment
from ..models.moves import move_deployment
from ..states import ENDED, TIMEOUTS, BranchState, DeploymentState, Wanted
from .full import ask_if_due

_AT_ONCE = 500
#: A wake-up that was sent is given this long to be heard.
_PATIENCE = timedelta(seconds=5)

_NEXT_TASK = {
    DeploymentState.QUEUED: wakeups.BUILD,
    DeploymentState.BUILDING: wakeups.BUILD,
    DeploymentState.RELEASING: wakeups.RELEASE,
}


def tick() -> None:
    """Wake somebody up for everything that is due and that nobody works on."""
    now = timezone.now()
    late = now - _PATIENCE
    if Delivery.objects.filter(
        Q(due_at=None) | Q(due_at__lte=now), state=Delivery.State.PENDING
    ).exists():
        wakeups.wake(wakeups.DECIDE)
    if _idle(DeploymentState.VERIFYING).exists():
        wakeups.wake(wakeups.WATCH)
    for state, task in _NEXT_TASK.items():
        for deployment in _idle(state).filter(_unheard(late))[:_AT_ONCE]:
            _wake_again(deployment, task)
    for deployment in _idle(*ENDED).filter(cleaned_at=None, due_at__lte=now)[:_AT_ONCE]:
        wakeups.wake(wakeups.CLEAN, deployment.pk)
    for pk in Branch.objects.filter(
        state=BranchState.DESTROYING, state_changed_at__lte=late
    ).values_list("pk", flat=True)[:_AT_ONCE]:
        wakeups.wake(wakeups.DESTROY, pk)
    _end_overdue()
    _end_expired(now)
    ask_if_due()


def _idle(*states: DeploymentState) -> QuerySet[Deployment]:
    """Deployments in these states that are due and that nobody holds."""
    now = timezone.now()
    return Deployment.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=now),
        Q(due_at=None) | Q(due_at__lte=now),
        state__in=states,
    )


def _unheard(late: object) -> Q:
    return Q(woken_at=None, state_changed_at__lte=late) | Q(woken_at__lte=late)


def _wake_again(deployment: Deployment, task: str) -> None:
    """Twice as long until the next time, so that a long queue is not flooded."""
    Deployment.objects.filter(pk=deployment.pk).update(
        woken_at=timezone.now() + _waited(deployment)
    )
    wakeups.wake(task, deployment.pk)


def _waited(deployment: Deployment) -> timedelta:
    return min(timezone.now() - deployment.state_changed_at, timedelta(minutes=2))


def _end_expired(now: datetime) -> None:
    """A preview whose application gave it a time ends when nobody deployed it since."""
    for branch in Branch.objects.filter(wanted=Wanted.PRESENT, expires_at__lte=now)[:_AT_ONCE]:
        intake.want_absent(branch, actor="", reason="Its time is over: nobody deployed it since.")


def _end_overdue() -> None:
    """Nobody waits for ever: what is over its time ends, with a message."""
    now = timezone.now()
    for state, limit in TIMEOUTS.items():
        overdue = _idle(state).filter(state_changed_at__lt=now - limit)
        for deployment in overdue[:_AT_ONCE]:
            message = f"It was {state} for more than {limit}."
            move_deployment(
                deployment,
                DeploymentState.FAILED,
                reason=message,
                held_by=deployment.lease_owner,
                lease_owner="",
                lease_until=None,
                error=message,
                hint="Redeploy. If it happens again, look at the workers' log.",
                finished_at=now,
                due_at=now,
            )

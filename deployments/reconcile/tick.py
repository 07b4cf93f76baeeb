"""Finds work that nobody was woken up for: lost wake-ups, dead workers, passed deadlines.

It only compares rows with the clock, in a few indexed queries, every second.
"""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from .. import elsewhere, outbox, subscribers
from ..adapters import budget, wakeups
from ..causes import Cause
from ..models import Branch, Delivery, Deployment, Pulse, Tally
from ..models.moves import move_deployment
from ..pipeline import queue
from ..states import ENDED, TIMEOUTS, BranchState, DeploymentState
from .expiry import end_expired
from .full import ask_if_due
from .polling import ask_due

_AT_ONCE = 500
#: A wake-up that was sent is given this long to be heard.
_PATIENCE = timedelta(seconds=5)

#: How often the canary flies: a task for the build workers that only says that it was heard.
_CANARY = timedelta(seconds=15)
_SIGN = timedelta(seconds=5)
_TIDY_EVERY = timedelta(hours=1)

_NEXT_TASK = {
    DeploymentState.BUILDING: wakeups.BUILD,
    DeploymentState.RELEASING: wakeups.RELEASE,
}


def tick() -> None:
    """Wake somebody up for everything that is due and that nobody works on."""
    now = timezone.now()
    _show_life(now)
    late = now - _PATIENCE
    if Delivery.objects.filter(
        Q(due_at=None) | Q(due_at__lte=now), state=Delivery.State.PENDING
    ).exists():
        wakeups.wake(wakeups.DECIDE)
    if _idle(DeploymentState.VERIFYING).exists():
        wakeups.wake(wakeups.WATCH)
    _wake_queue(late)
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
    Tally.note(Tally.Name.THROTTLED, now, budget.take_refused())
    end_expired(now)
    outbox.wake_messengers(now)
    subscribers.wake_senders(now)
    _tidy_up(now)
    ask_if_due()
    ask_due(now)


def _wake_queue(late: datetime) -> None:
    """Only for those that may begin: nobody is woken up to find that a limit is reached."""
    waiting = _idle(DeploymentState.QUEUED).filter(_unheard(late))
    if not waiting.exists():
        return
    for deployment in waiting.filter(pk__in=queue.ready()[:_AT_ONCE]):
        _wake_again(deployment, wakeups.BUILD)


def _show_life(now: datetime) -> None:
    """Who reads this is alive; whether build workers make progress, they are asked."""
    Pulse.show(Pulse.Part.CONTROL, now, at_most_every=_SIGN)
    if Pulse.is_time_to_ask(Pulse.Part.BUILD, now, _CANARY):
        wakeups.wake(wakeups.SHOW_BUILD, expires=_CANARY.total_seconds())


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


def _tidy_up(now: datetime) -> None:
    if Pulse.is_time_to_ask(Pulse.Part.TIDY, now, _TIDY_EVERY):
        wakeups.wake(wakeups.TIDY)


def _end_overdue() -> None:
    """Nobody waits for ever: what is over its time ends, with a message."""
    now = timezone.now()
    elsewhere.give_up_overdue(now)
    for state, limit in TIMEOUTS.items():
        late = _idle(state).filter(state_changed_at__lt=now - limit)
        overdue = list(late.exclude(pk__in=elsewhere.awaiting())[:_AT_ONCE])
        waited = queue.standings() if overdue and state == DeploymentState.QUEUED else {}
        for deployment in overdue:
            message, hint = _why_over(deployment, limit, waited.get(deployment.pk))
            move_deployment(
                deployment,
                DeploymentState.FAILED,
                reason=message,
                held_by=deployment.lease_owner,
                lease_owner="",
                lease_until=None,
                error=message,
                hint=hint,
                cause=Cause.LIMIT if waited else Cause.TIME,
                finished_at=now,
                due_at=now,
            )


def _why_over(
    deployment: Deployment, limit: timedelta, standing: queue.Standing | None
) -> tuple[str, str]:
    """The error and its hint for what was in its state for longer than `limit`."""
    if standing is not None:
        return standing.given_up(limit)
    return (
        f"It was {deployment.state} for more than {limit}.",
        "Redeploy. If it happens again, look at the workers' log.",
    )

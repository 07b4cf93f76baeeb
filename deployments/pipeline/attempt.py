"""How a step ends when it does not succeed: failed, superseded, or to be tried again."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.utils import timezone

from .. import handover
from ..adapters import aws, wakeups
from ..causes import Cause
from ..errors import EdahaError, HandedOver, LeaseLost, PlatformError, Superseded, UserError
from ..models import Deployment
from ..models.heartbeat import Heartbeat
from ..models.lease import Lease
from ..states import ENDED, DeploymentState
from . import queue
from .explain import explain
from .report import Report

log = structlog.get_logger(__name__)

_MAX_ATTEMPTS = 5
_TASKS = {
    DeploymentState.QUEUED: wakeups.BUILD,
    DeploymentState.BUILDING: wakeups.BUILD,
    DeploymentState.RELEASING: wakeups.RELEASE,
}
_INSIDE = "An error inside Edaha; the workers' log has the details."


@contextmanager
def attempt(lease: Lease, report: Report) -> Iterator[None]:
    """Run a step's body; whatever it raises becomes a state that people can read.

    The lease is kept meanwhile, and without it no call changes anything in AWS.
    """
    try:
        with (
            Heartbeat(lease),
            aws.fenced(lease.check_held),
            _ended_by_errors(lease, report),
        ):
            yield
    except LeaseLost as problem:
        log.warning("lease_lost", deployment=lease.deployment.pk, problem=str(problem))
        # Whoever ended it may have cleaned up before our last call to AWS: look once more.
        Deployment.objects.filter(pk=lease.deployment.pk, state__in=ENDED).update(
            cleaned_at=None, due_at=timezone.now()
        )


@contextmanager
def _ended_by_errors(lease: Lease, report: Report) -> Iterator[None]:
    try:
        yield
    except LeaseLost:
        raise
    except HandedOver as problem:
        _hand_over(lease, report, problem)
    except Superseded as problem:
        report.say(problem.message)
        report.flush()
        lease.move(
            DeploymentState.SUPERSEDED,
            reason=problem.message,
            finished_at=timezone.now(),
            due_at=timezone.now(),
        )
        wakeups.wake(wakeups.CLEAN, lease.deployment.pk)
        queue.wake_next()
    except UserError as problem:
        fail(lease, report, problem)
    except PlatformError as problem:
        if handover.is_requested():
            # What runs beside this worker is being stopped as well.
            _hand_over(lease, report, problem)
        else:
            _retry_or_fail(lease, report, problem)
    except Exception:
        log.exception("step_failed", deployment=lease.deployment.pk)
        _retry_or_fail(lease, report, PlatformError(_INSIDE, retry=True, cause=Cause.INSIDE))


def fail(lease: Lease, report: Report, problem: EdahaError) -> None:
    """End the deployment; what it made in AWS is cleaned up, the version before stays."""
    report.flush()
    message, hint = report.redacted(problem.message), report.redacted(problem.hint)
    # Before Edaha adds words of its own to the log.
    found = explain(lease.deployment, problem)
    report.say(f"✗ {message}")
    if hint:
        report.say(f"  {hint}")
    report.flush()
    lease.move(
        DeploymentState.FAILED,
        reason=message,
        error=message,
        hint=hint,
        cause=found.cause,
        error_line=found.line,
        finished_at=timezone.now(),
        due_at=timezone.now(),
    )
    wakeups.wake(wakeups.CLEAN, lease.deployment.pk)
    # Its worker is free, and perhaps its place among the previews.
    queue.wake_next()


def _hand_over(lease: Lease, report: Report, problem: EdahaError) -> None:
    """Give the work back as it is: it goes on at once, and this was no failed try."""
    report.say(f"{problem.message} The work is handed over.")
    report.flush()
    lease.give_back(due_in=0)
    task = _TASKS.get(DeploymentState(lease.deployment.state))
    if task is not None:
        wakeups.wake(task, lease.deployment.pk)


def _retry_or_fail(lease: Lease, report: Report, problem: PlatformError) -> None:
    attempts = lease.deployment.attempts + 1
    if not problem.retry or attempts >= _MAX_ATTEMPTS:
        fail(lease, report, problem)
        return
    seconds = backoff(attempts)
    report.say(f"{problem.message} Trying again in {seconds:.0f} s.")
    report.flush()
    lease.give_back(due_in=seconds, attempts=attempts)


def backoff(attempts: int) -> float:
    """Seconds until the next try: 2, 4, 8 …, at most 60, and up to half as much again."""
    return min(60.0, 2.0**attempts) * random.uniform(1, 1.5)  # noqa: S311 (jitter)  # nosec B311

"""From a service that starts to a preview that answers.

Nobody waits here: every look takes all rollouts that are due, asks AWS about ten of them in one
call, and lets go. A thousand deployments wait on a handful of workers.
"""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db.models import Q
from django.utils import timezone

from ..adapters import ecs, preview, wakeups
from ..config import config
from ..definitions.rollout import Judgement, Verdict, in_view_of, judge, may_have_failed
from ..errors import EdahaError, LeaseLost, PlatformError, UserError
from ..models import Deployment
from ..models.lease import Lease
from ..states import DeploymentState
from .attempt import attempt, fail
from .golive import go_live
from .postmortem import last_words
from .report import Report

log = structlog.get_logger(__name__)

#: At most as many as can be asked within a lease, even if every answer takes its whole time-out.
_AT_ONCE = 100
#: Seconds until the next look: soon while a rollout is young, later when it takes its time.
_LOOK_SOON, _LOOK_LATE = 0.4, 3.0
_YOUNG = timedelta(seconds=30)
#: What ECS gets to place a task, pull its image and start it.
_PLACEMENT = timedelta(minutes=10)

_calls = ThreadPoolExecutor(max_workers=16, thread_name_prefix="look")


@dataclass(frozen=True)
class Sight:
    """What one look at one rollout showed."""

    judgement: Judgement
    answer: preview.Answer | None = None

    @property
    def is_up(self) -> bool:
        return self.answer is not None and self.answer.ok

    @property
    def sentence(self) -> str:
        answer = f" The application: {self.answer.detail}." if self.answer else ""
        return self.judgement.message + answer


def watch() -> None:
    """Look once at every rollout that is due."""
    clusters: dict[str, list[Lease]] = defaultdict(list)
    for lease in _claim_due():
        clusters[lease.deployment.cluster].append(lease)
    for cluster, leases in clusters.items():
        _look(cluster, leases)
    if clusters:
        wakeups.wake(wakeups.WATCH, countdown=_LOOK_SOON)


def _claim_due() -> list[Lease]:
    due = Deployment.objects.filter(
        Q(due_at=None) | Q(due_at__lte=timezone.now()), state=DeploymentState.VERIFYING
    ).order_by("due_at", "pk")
    claims = (
        Lease.claim(pk, {DeploymentState.VERIFYING})
        for pk in due.values_list("pk", flat=True)[:_AT_ONCE]
    )
    return [lease for lease in claims if lease is not None]


def _look(cluster: str, leases: list[Lease]) -> None:
    names = [lease.deployment.service_name(config().installation) for lease in leases]
    try:
        services = ecs.describe_services(cluster, names)
    except EdahaError as problem:
        for lease in leases:
            _conclude(lease, problem)
        return
    # The slow parts side by side, without the database; then one after the other.
    seen = _calls.map(
        _see,
        [(lease.deployment, services.get(name)) for lease, name in zip(leases, names, strict=True)],
    )
    for lease, sight in zip(leases, seen, strict=True):
        _conclude(lease, sight)


def _see(pair: tuple[Deployment, Any]) -> Sight | EdahaError:
    deployment, service = pair
    try:
        if service is None and _is_young(deployment):
            # Reads are eventually consistent: what was just created may not show yet.
            return Sight(Judgement(Verdict.WAITING, "ECS does not show the service yet."))
        judgement = judge(service, deployment.ecs_deployment_id, ())
        if judgement.verdict == Verdict.FAILED:
            return Sight(judgement)
        answer = preview.probe(deployment) if judgement.verdict == Verdict.RUNNING else None
        sight = Sight(judgement, answer)
        if sight.is_up or not may_have_failed(service):
            return sight
        name = deployment.service_name(config().installation)
        stopped = ecs.tasks(deployment.cluster, name, stopped=True)
        return Sight(judge(service, deployment.ecs_deployment_id, stopped), answer)
    except EdahaError as problem:
        return problem
    except Exception:
        log.exception("rollout_not_seen", deployment=deployment.pk)
        return PlatformError("An error inside Edaha; the workers' log has the details.", retry=True)


def _conclude(lease: Lease, sight: Sight | EdahaError) -> None:
    if _is_nothing_new(lease, sight):
        with suppress(LeaseLost):  # whoever has it now goes on
            _wait(lease, sight)
        return
    with Report(lease.deployment) as report, attempt(lease, report):
        lease.check_not_overtaken()
        if isinstance(sight, EdahaError):
            fail(lease, report, sight)
        else:
            _act(lease, sight, report)


def _is_nothing_new(lease: Lease, sight: Sight | EdahaError) -> bool:
    """Whether there is nothing to say and nothing to do, but to look again."""
    deployment = lease.deployment
    if lease.is_overtaken() or timezone.now() > _deadline(deployment):
        return False
    if isinstance(sight, EdahaError):
        return isinstance(sight, PlatformError) and sight.retry
    is_over = sight.is_up or sight.judgement.verdict == Verdict.FAILED
    return sight.sentence == deployment.progress and not is_over


def _act(lease: Lease, sight: Sight, report: Report) -> None:
    deployment = lease.deployment
    report.say(sight.sentence)
    if sight.judgement.verdict == Verdict.FAILED:
        printed = last_words(deployment, sight.judgement.task_arn, report)
        failure = in_view_of(sight.judgement, printed)
        raise UserError(failure.message, hint=failure.hint)
    if sight.is_up:
        go_live(lease, report)
        return
    _check_deadline(deployment, sight, report)
    _wait(lease, sight)


def _wait(lease: Lease, sight: Sight | EdahaError) -> None:
    deployment, now = lease.deployment, timezone.now()
    if isinstance(sight, EdahaError):
        log.warning("rollout_not_seen", deployment=deployment.pk, problem=str(sight))
        lease.give_back(due_in=_LOOK_LATE)
        return
    running = sight.judgement.verdict == Verdict.RUNNING
    since = (deployment.running_since or now) if running else None
    lease.save(running_since=since, progress=sight.sentence[:300])
    lease.give_back(due_in=_LOOK_SOON if _is_young(deployment) else _LOOK_LATE)


def _is_young(deployment: Deployment) -> bool:
    return timezone.now() - (deployment.released_at or timezone.now()) < _YOUNG


def _deadline(deployment: Deployment) -> Any:
    if deployment.running_since:
        seconds = deployment.branch.repository.startup_seconds
        return deployment.running_since + timedelta(seconds=seconds)
    return (deployment.released_at or deployment.created_at) + _PLACEMENT


def _check_deadline(deployment: Deployment, sight: Sight, report: Report) -> None:
    if timezone.now() <= _deadline(deployment):
        return
    last_words(deployment, "", report)
    if sight.answer is None:
        raise UserError(
            f"ECS did not get the task to run within {_PLACEMENT.seconds // 60} minutes.",
            hint="The service's events in the log tell why: often capacity, roles or the network.",
        )
    seconds = deployment.branch.repository.startup_seconds
    raise UserError(
        f"The application did not answer on port {deployment.port} within {seconds} s: "
        f"{sight.answer.detail}.",
        hint=f"Make it listen on 0.0.0.0:{deployment.port} (not 127.0.0.1), or set the "
        "repository's port, health path or start-up time.",
    )

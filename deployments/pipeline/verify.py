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
from ..causes import Cause
from ..definitions.rollout import Judgement, Verdict, in_view_of, judge, may_have_failed
from ..errors import EdahaError, LeaseLost, PlatformError, UserError
from ..models import Deployment, Service
from ..models.lease import Lease
from ..states import DeploymentState
from .attempt import attempt, fail
from .golive import go_live
from .lateness import is_late, late_error
from .postmortem import last_events, last_words
from .report import Report

log = structlog.get_logger(__name__)

#: At most as many as can be asked within a lease, even if every answer takes its whole time-out.
_AT_ONCE = 100
#: Seconds until the next look: soon while a rollout is young, later when it takes its time.
_LOOK_SOON, _LOOK_LATE = 0.4, 3.0
_YOUNG = timedelta(seconds=30)

_calls = ThreadPoolExecutor(max_workers=16, thread_name_prefix="look")


@dataclass(frozen=True)
class Sight:
    """What one look at one service's rollout showed."""

    service: Service
    judgement: Judgement
    answer: preview.Answer | None = None

    @property
    def is_up(self) -> bool:
        return self.answer is not None and self.answer.ok

    @property
    def has_failed(self) -> bool:
        return self.judgement.verdict == Verdict.FAILED

    @property
    def sentence(self) -> str:
        answer = f" The application: {self.answer.detail}." if self.answer else ""
        return self.judgement.message + answer


Sights = list[Sight]


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
    rows = {lease.deployment.pk: list(lease.deployment.services.all()) for lease in leases}
    names = [service.release_name for services in rows.values() for service in services]
    try:
        described = ecs.describe_services(cluster, names)
    except EdahaError as problem:
        for lease in leases:
            _conclude(lease, problem)
        return
    # The slow parts side by side, without the database; then one after the other.
    looks = {
        lease.deployment.pk: [
            _calls.submit(_see, lease.deployment, service, described.get(service.release_name))
            for service in rows[lease.deployment.pk]
        ]
        for lease in leases
    }
    for lease in leases:
        _conclude(lease, _together([look.result() for look in looks[lease.deployment.pk]]))


def _together(seen: list[Sight | EdahaError]) -> Sights | EdahaError:
    problem = next((each for each in seen if isinstance(each, EdahaError)), None)
    return problem or [each for each in seen if isinstance(each, Sight)]


def _see(deployment: Deployment, service: Service, described: Any) -> Sight | EdahaError:
    try:
        if described is None and _is_young(deployment):
            # Reads are eventually consistent: what was just created may not show yet.
            waiting = Judgement(Verdict.WAITING, "ECS does not show the service yet.")
            return Sight(service, waiting)
        judgement = judge(described, service.ecs_deployment_id, ())
        if judgement.verdict == Verdict.FAILED:
            return Sight(service, judgement)
        running = judgement.verdict == Verdict.RUNNING
        answer = preview.probe(deployment, service) if running else None
        sight = Sight(service, judgement, answer)
        if sight.is_up or not may_have_failed(described):
            return sight
        stopped = ecs.tasks(deployment.cluster, service.release_name, stopped=True)
        return Sight(service, judge(described, service.ecs_deployment_id, stopped), answer)
    except EdahaError as problem:
        return problem
    except Exception:
        log.exception("rollout_not_seen", deployment=deployment.pk)
        return PlatformError(
            "An error inside Edaha; the workers' log has the details.",
            cause=Cause.INSIDE,
            retry=True,
        )


def _conclude(lease: Lease, seen: Sights | EdahaError) -> None:
    if _is_nothing_new(lease, seen):
        with suppress(LeaseLost):  # whoever has it now goes on
            _wait(lease, seen)
        return
    with Report(lease.deployment) as report, attempt(lease, report):
        lease.check_not_overtaken()
        if isinstance(seen, EdahaError):
            fail(lease, report, seen)
        else:
            _act(lease, seen, report)


def _is_nothing_new(lease: Lease, seen: Sights | EdahaError) -> bool:
    """Whether there is nothing to say and nothing to do, but to look again."""
    if lease.is_overtaken():
        return False
    if isinstance(seen, EdahaError):
        services = lease.deployment.services.all()
        is_over = any(is_late(lease.deployment, service) for service in services)
        return isinstance(seen, PlatformError) and seen.retry and not is_over
    if any(is_late(lease.deployment, sight.service) for sight in seen if not sight.is_up):
        return False
    is_over = all(sight.is_up for sight in seen) or any(sight.has_failed for sight in seen)
    return not is_over and all(sight.sentence[:300] == sight.service.progress for sight in seen)


def _act(lease: Lease, seen: Sights, report: Report) -> None:
    for sight in seen:
        if sight.sentence[:300] != sight.service.progress:
            report.say(_named(sight, seen))
    failed = next((sight for sight in seen if sight.has_failed), None)
    if failed is not None:
        printed = last_words(lease.deployment, failed.service, failed.judgement.task_arn, report)
        failure = in_view_of(failed.judgement, printed)
        message = failure.message if len(seen) == 1 else f"{failed.service.name}: {failure.message}"
        raise UserError(message, hint=failure.hint)
    if all(sight.is_up for sight in seen):
        go_live(lease, report)
        return
    for sight in seen:
        _check_deadline(lease.deployment, sight, report)
    _wait(lease, seen)


def _named(sight: Sight, seen: Sights) -> str:
    return sight.sentence if len(seen) == 1 else f"{sight.service.name}: {sight.sentence}"


def _wait(lease: Lease, seen: Sights | EdahaError) -> None:
    deployment, now = lease.deployment, timezone.now()
    if isinstance(seen, EdahaError):
        log.warning("rollout_not_seen", deployment=deployment.pk, problem=str(seen))
        lease.give_back(due_in=_LOOK_LATE)
        return
    for sight in seen:
        running = sight.judgement.verdict == Verdict.RUNNING
        since = (sight.service.running_since or now) if running else None
        if (since, sight.sentence[:300]) != (sight.service.running_since, sight.service.progress):
            lease.save_part(sight.service, running_since=since, progress=sight.sentence[:300])
    lease.save(progress=_newest(seen)[:300])
    lease.give_back(due_in=_LOOK_SOON if _is_young(deployment) else _LOOK_LATE)


def _newest(seen: Sights) -> str:
    """Where the whole stands: what is not up yet."""
    return " ".join(_named(sight, seen) for sight in seen if not sight.is_up)


def _is_young(deployment: Deployment) -> bool:
    return timezone.now() - (deployment.released_at or timezone.now()) < _YOUNG


def _check_deadline(deployment: Deployment, sight: Sight, report: Report) -> None:
    service = sight.service
    if sight.is_up or not is_late(deployment, service):
        return
    printed = last_words(deployment, service, "", report)
    raise late_error(service, sight.answer, printed, last_events(deployment, service))

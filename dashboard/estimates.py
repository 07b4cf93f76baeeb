"""How long it will take still, from the last deployments that went well."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from django.utils import timezone

from deployments.models import Deployment
from deployments.states import DeploymentState

#: As many as tell how it is at present.
_RECENT = 10
#: A stage's first and last column.
_STAGES = {
    DeploymentState.BUILDING: ("started_at", "built_at"),
    DeploymentState.RELEASING: ("built_at", "released_at"),
    DeploymentState.VERIFYING: ("released_at", "finished_at"),
}
_COLUMNS = ("started_at", "built_at", "released_at", "finished_at")


class Estimate(NamedTuple):
    """Where a deployment on its way is, as far as it can be known."""

    #: The step that is under way, counted from 1, and how many there will be; 0 where unknown.
    step: int
    steps: int
    #: When it should be live; None where no deployment before it tells, or it takes longer.
    ends_at: datetime | None
    #: Of the whole way, from 0 to 100; None where that is unknown.
    percent: int | None


def estimate(deployment: Deployment | None) -> Estimate | None:
    """None for one that waits, or has come to an end."""
    if deployment is None or deployment.state not in _STAGES:
        return None
    usual = _usual(deployment)
    step, steps = _steps(deployment)
    if not usual:
        return Estimate(step, steps, None, None)
    now = timezone.now()
    left = _left(deployment, usual, now)
    gone = (now - (deployment.started_at or now)).total_seconds()
    percent = min(99, round(100 * gone / (gone + left))) if gone + left > 0 else 0
    return Estimate(step, steps, now + timedelta(seconds=left) if left >= 1 else None, percent)


def _left(deployment: Deployment, usual: dict[DeploymentState, float], now: datetime) -> float:
    """Seconds: what the present stage still needs, and the stages behind it."""
    stages = list(_STAGES)
    present = DeploymentState(deployment.state)
    since = getattr(deployment, _STAGES[present][0]) or now
    rest = max(0.0, usual[present] - (now - since).total_seconds())
    return rest + sum(usual[stage] for stage in stages[stages.index(present) + 1 :])


def _usual(deployment: Deployment) -> dict[DeploymentState, float]:
    """The median of each stage in seconds: of the branch, otherwise of its repository."""
    good = Deployment.objects.filter(
        state__in=(DeploymentState.LIVE, DeploymentState.RETIRED),
        build_reused=False,
        finished_at__isnull=False,
        **{f"{column}__isnull": False for column in _COLUMNS[:3]},
    ).order_by("-pk")
    rows = list(good.filter(branch=deployment.branch_id).values(*_COLUMNS)[:_RECENT])
    if not rows:
        repository = deployment.branch.repository_id
        rows = list(good.filter(branch__repository=repository).values(*_COLUMNS)[:_RECENT])
    return {stage: _median(rows, *columns) for stage, columns in _STAGES.items()} if rows else {}


def _median(rows: Sequence[dict[str, datetime]], first: str, last: str) -> float:
    return median((row[last] - row[first]).total_seconds() for row in rows)


def _steps(deployment: Deployment) -> tuple[int, int]:
    """BuildKit tells of its steps little by little: how many there were last time helps."""
    if deployment.state != DeploymentState.BUILDING:
        return 0, 0
    ended = deployment.steps.filter(completed_at__isnull=False).count()
    known = deployment.steps.count()
    before = (
        Deployment.objects.filter(
            branch=deployment.branch_id, pk__lt=deployment.pk, build_reused=False
        )
        .exclude(built_at=None)
        .order_by("-pk")
        .first()
    )
    all_of_them = max(known, before.steps.count() if before else 0)
    return (min(ended + 1, all_of_them), all_of_them) if all_of_them else (0, 0)

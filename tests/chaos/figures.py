"""What a run prints in the end."""

from collections import Counter
from collections.abc import Iterable, Mapping

from deployments.models import Delivery, Deployment
from deployments.states import DeploymentState

from .verdict import Verdict

_SHOWN = 15


def table(rows: Mapping[str, object]) -> str:
    width = max(map(len, rows)) + 2
    return "\n".join(f"  {name:<{width}}{value}" for name, value in rows.items())


def counts_of_rows() -> dict[str, object]:
    """What the database tells of deliveries and deployments."""
    states = Counter(Deployment.objects.values_list("state", flat=True))
    build_ended = Deployment.objects.filter(
        state=DeploymentState.SUPERSEDED, started_at__isnull=False, built_at=None
    )
    return {
        "deliveries stored": Delivery.objects.count(),
        "decisions that failed": Delivery.objects.filter(state=Delivery.State.FAILED).count(),
        "deployments": sum(states.values()),
        "  by state": listed(states),
        "builds cancelled": build_ended.count(),
    }


def reasons_of_failures() -> Iterable[str]:
    failed = Deployment.objects.filter(state=DeploymentState.FAILED)
    reasons = Counter(
        error.splitlines()[0][:150] for error in failed.values_list("error", flat=True)
    )
    return [f"{times} × {reason}" for reason, times in reasons.most_common(_SHOWN)]


def listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items())) or "none"


def findings(verdict: Verdict, shown: int = _SHOWN) -> str:
    lines = []
    for name in ("lost", "leaked", "stale"):
        found: list[str] = getattr(verdict, name)
        lines += [f"  {name}: {each}" for each in found[:shown]]
        if len(found) > shown:
            lines.append(f"  {name}: … and {len(found) - shown} more")
    return "\n".join(lines)

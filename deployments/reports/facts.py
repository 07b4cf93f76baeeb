"""What the rows say of a preview, as plain values: all that its comment tells."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from ..config import config
from ..diagnosis import words
from ..models import Branch, Deployment, LogChunk
from ..pipeline import queue, waiting
from ..states import BranchState, DeploymentState, Wanted

_QUOTED = 300


class Failure(NamedTuple):
    what: str
    whose: str
    steps: Sequence[str]
    message: str
    hint: str
    #: The log's line that tells it; empty where none does.
    line: str
    log_url: str
    is_platforms: bool


class Facts(NamedTuple):
    marker: str
    #: One of `comment.STATUS`.
    status: str
    url: str
    page_url: str
    log_url: str
    commit: str
    commit_url: str
    #: What visitors see, where that is of another commit.
    served_commit: str
    updated_at: datetime
    #: Name and address.
    services: Sequence[tuple[str, str]] = ()
    expires_at: datetime | None = None
    pinned_by: str = ""
    #: Its place in the queue, and what it waits for.
    place: int | None = None
    waiting_for: str = ""
    #: The stranger's commit that waits for an approval, and where it is given.
    waiting_commit: str = ""
    approval_url: str = ""
    failure: Failure | None = None
    #: Why it is gone, or was cancelled.
    reason: str = ""


def marker(branch: Branch) -> str:
    """What the comment of a preview is found by; GitHub does not show it."""
    name = quote(branch.name, safe="")
    return f"<!-- edaha:preview {config().installation}-{branch.repository_id} {name} -->"


def gather(branch: Branch) -> Facts | None:
    """None where there is nothing to say: no commit of it ever had a preview, or waits for one."""
    deployment = _newest(branch)
    if deployment is None and not branch.waiting_for:
        return None
    commit = deployment.commit if deployment is not None else branch.waiting_commit
    status = _status(branch, deployment)
    standing = _standing(deployment) if status == "pending" else None
    is_gone = branch.wanted == Wanted.ABSENT
    served = branch.live
    return Facts(
        marker=marker(branch),
        status=status,
        url="" if is_gone else branch.url,
        page_url=page_url(branch),
        log_url=log_url(deployment) if deployment is not None else "",
        commit=commit,
        commit_url=commit_url(branch, commit),
        served_commit=served.commit if served is not None and served != deployment else "",
        updated_at=_updated_at(branch, deployment),
        services=() if is_gone else _services(branch, deployment),
        expires_at=None if is_gone else branch.expires_at,
        pinned_by=branch.pinned_by if branch.pinned_at else "",
        place=standing.position if standing else None,
        waiting_for=_waiting_for(deployment, standing),
        waiting_commit=branch.waiting_commit if branch.waiting_for else "",
        approval_url=f"{page_url(branch)}/approval",
        failure=failure(deployment) if status == "failed" else None,
        reason=_reason(branch, deployment, status),
    )


def page_url(branch: Branch) -> str:
    return f"{_home()}/branches/{branch.pk}"


def log_url(deployment: Deployment) -> str:
    return f"{_home()}/deployments/{deployment.pk}/log"


def commit_url(branch: Branch, commit: str) -> str:
    name = branch.repository.full_name
    return f"{config().github_url.rstrip('/')}/{name}/commit/{quote(commit, safe='')}"


def failure(deployment: Deployment | None) -> Failure | None:
    """None for a deployment that did not fail."""
    if deployment is None or deployment.state != DeploymentState.FAILED:
        return None
    said = words(deployment)
    where = log_url(deployment)
    if deployment.error_line:
        where += f"#L{deployment.error_line}"
    return Failure(
        said.what,
        said.whose,
        [str(step) for step in said.steps],
        deployment.error,
        deployment.hint,
        _line(deployment),
        where,
        is_platforms=said.is_platforms,
    )


def _home() -> str:
    return config().base_url.rstrip("/")


def _newest(branch: Branch) -> Deployment | None:
    """Also of a branch that begins anew, whose earlier deployments say nothing of what waits."""
    if branch.waiting_for:
        return branch.deployment
    return branch.deployment or branch.deployments.order_by("-generation").first()


def _status(branch: Branch, deployment: Deployment | None) -> str:
    if branch.wanted == Wanted.ABSENT:
        return "destroyed" if branch.state == BranchState.DESTROYED else "destroying"
    if deployment is None:
        return "waiting"
    if deployment.state == DeploymentState.CANCELLED:
        return "cancelled"
    return str(branch.state)


def _standing(deployment: Deployment | None) -> queue.Standing | None:
    if deployment is None or deployment.state != DeploymentState.QUEUED:
        return None
    if deployment.awaits_images:
        return None
    return queue.standings().get(deployment.pk)


def _waiting_for(deployment: Deployment | None, standing: queue.Standing | None) -> str:
    if deployment is not None and deployment.awaits_images:
        return waiting.for_images()
    return standing.waiting_for if standing else ""


def _updated_at(branch: Branch, deployment: Deployment | None) -> datetime:
    times = [branch.state_changed_at]
    if deployment is not None:
        times.append(deployment.state_changed_at)
    return max(times)


def _services(branch: Branch, deployment: Deployment | None) -> list[tuple[str, str]]:
    shown = branch.live or deployment
    if shown is None:
        return []
    return [(service.name, service.url) for service in shown.services.all()]


def _reason(branch: Branch, deployment: Deployment | None, status: str) -> str:
    if status in {"destroying", "destroyed"}:
        row = branch.transitions.filter(after=BranchState.DESTROYING).order_by("-id").first()
        return row.reason if row is not None else ""
    return deployment.error if status == "cancelled" and deployment is not None else ""


def _line(deployment: Deployment) -> str:
    number = deployment.error_line
    if not number:
        return ""
    rows = LogChunk.objects.filter(deployment=deployment, first__lte=number)
    chunk = rows.order_by("-first").first()
    if chunk is None or number - chunk.first >= len(chunk.lines):
        return ""
    return str(chunk.lines[number - chunk.first][2])[:_QUOTED]

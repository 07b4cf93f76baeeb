"""Which commit a deployment is of, and what came with it since the one before."""

import structlog

from ..adapters import git, gitlog
from ..causes import Cause
from ..errors import PlatformError, UserError
from ..models import Branch, Deployment
from ..models.lease import Lease
from .report import Report

log = structlog.get_logger(__name__)

#: As many commits as somebody looks through; the others are counted.
_COMMITS = 30


def choose(lease: Lease, report: Report) -> None:
    """See what the wish means by now. Raises UserError where the branch has no such commit."""
    trigger = lease.deployment.trigger
    if not lease.deployment.is_trusted:
        # What was approved is this commit: whatever the fork's head is by now waits.
        _check_approved(lease.deployment)
        report.say(f"Commit {lease.deployment.short_commit} of a fork, as it was approved.")
        return
    if trigger == Deployment.Trigger.REDEPLOY:
        # Images that were handed over are of this commit, and of no newer one.
        if not lease.deployment.is_built_elsewhere:
            _read_ref_again(lease, report)
    elif trigger == Deployment.Trigger.COMMIT:
        _find_commit(lease)


def _check_approved(deployment: Deployment) -> None:
    if not deployment.branch.approvals.filter(commit=deployment.commit).exists():
        raise UserError(
            f"Nobody has approved commit {deployment.short_commit}, which comes from a fork.",
            hint="Approve the commit that waits on the preview’s page.",
        )


def remember_changes(lease: Lease) -> None:
    """Write down the commits since the deployment before; best effort, since nothing needs them."""
    deployment = lease.deployment
    repository = deployment.branch.repository
    before = _before(deployment)
    since = before.commit if before else repository.default_branch_ref
    mirror = git.mirror_path(repository)
    try:
        found = gitlog.changes(repository, mirror, since, deployment.commit, limit=_COMMITS)
    except (PlatformError, ValueError) as problem:
        log.warning("commits_unknown", deployment=deployment.pk, problem=str(problem))
        return
    lease.save(
        previous_commit=before.commit if before else "",
        commits=[commit._asdict() for commit in found.newest],
        commits_count=found.total,
    )


def _before(deployment: Deployment) -> Deployment | None:
    """What people see at present, otherwise the newest attempt before this one."""
    if live := deployment.branch.live:
        return live
    earlier = deployment.branch.deployments.filter(generation__lt=deployment.generation)
    return earlier.exclude(built_at=None).order_by("-generation").first()


def _read_ref_again(lease: Lease, report: Report) -> None:
    """A redeploy means the branch's newest commit, even if no webhook told of it."""
    deployment, branch = lease.deployment, lease.deployment.branch
    head = git.read_head(branch.repository, branch.name)
    if head is None:
        report.say("The branch is no longer in the repository: deploying its last known commit.")
    elif head != deployment.commit:
        report.say(f"The branch has moved on to {head[:7]}.")
        lease.save(commit=head)
        Branch.objects.filter(pk=branch.pk, generation=deployment.generation).update(
            wanted_commit=head
        )


def _find_commit(lease: Lease) -> None:
    deployment, branch = lease.deployment, lease.deployment.branch
    repository = branch.repository
    head = git.read_head(repository, branch.name)
    if head is None:
        raise UserError(
            f"The branch {branch.name} is no longer in the repository.",
            hint="Push it again, or roll back to an earlier deployment.",
            cause=Cause.GIT,
        )
    mirror = git.fetch(repository, branch, head)
    lease.save(commit=gitlog.resolve(repository, mirror, deployment.commit, head))

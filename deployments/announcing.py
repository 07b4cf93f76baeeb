"""The hook of every move: what has to be told of a branch is written down with the move itself.

It only writes rows. What they say is read when it is told (`outbox`), so that several moves are
told at once, and the last one for certain.
"""

from django.db.models import F, Q
from django.utils import timezone

from . import homes
from .models import Branch, Deployment, Repository
from .models.outgoing import Outgoing
from .states import BranchState

_Kind = Outgoing.Kind
#: Nothing is known any more to ask about: the row is not worth a question.
_UNFINISHED = Q(is_open=True) | Q(done_at=None)


def changed(branch_id: int, deployment_id: int | None = None) -> None:
    """The branch, and this deployment of it, have changed. Call it within the transaction."""
    branch = (
        Branch.objects.select_related("repository", "deployment")
        .only(
            "name", "pull_request", "state", "waiting_commit", "seen_commit",
            "repository__clone_url", "repository__host", "repository__report_comment",
            "repository__report_deployments", "repository__report_status",
            "deployment__commit",
        )
        .get(pk=branch_id)
    )  # fmt: skip
    if not homes.is_told_of(branch.repository):
        return
    rows = [*_of_comment(branch), *_of_deployment(branch, deployment_id), *_of_commits(branch)]
    if rows:
        Outgoing.ask(rows)
    _ask_again(branch)


def left_out(repository: Repository, commit: str, reason: str) -> None:
    """A commit gets no preview, for this reason: its author learns of it at the commit."""
    if not commit or not homes.is_told_of(repository):
        return
    if repository.report_status == Repository.Status.OFF:
        return
    row = Outgoing(repository=repository, kind=_Kind.CHECK, key=commit, payload={"reason": reason})
    Outgoing.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["repository", "kind", "key"],
        update_fields=["asked_at", "done_at", "payload"],
    )


def _of_comment(branch: Branch) -> list[Outgoing]:
    if not branch.pull_request or not branch.repository.report_comment:
        return []
    return [_row(branch, _Kind.COMMENT, f"{branch.pk}:{branch.pull_request}")]


def _of_deployment(branch: Branch, deployment_id: int | None) -> list[Outgoing]:
    if not branch.repository.report_deployments:
        return []
    rows = []
    if deployment_id is not None:
        rows.append(_row(branch, _Kind.DEPLOYMENT, str(deployment_id)))
    if branch.state == BranchState.DESTROYED and branch.deployment_id:
        rows.append(_row(branch, _Kind.ENVIRONMENT, str(branch.pk)))
    return rows


def _of_commits(branch: Branch) -> list[Outgoing]:
    if branch.repository.report_status == Repository.Status.OFF:
        return []
    commits = {branch.waiting_commit}
    if branch.deployment is not None:
        commits.add(branch.deployment.commit)
    return [_row(branch, _Kind.CHECK, commit) for commit in sorted(commits - {""})]


def _row(branch: Branch, kind: Outgoing.Kind, key: str) -> Outgoing:
    return Outgoing(repository_id=branch.repository_id, branch_id=branch.pk, kind=kind, key=key)


def _ask_again(branch: Branch) -> None:
    """What was told of the branch before, and is not over: another move may have ended it."""
    Outgoing.objects.filter(
        _UNFINISHED, branch=branch, kind__in=(_Kind.CHECK, _Kind.DEPLOYMENT)
    ).update(asked_at=timezone.now(), done_at=None)


def retold(branch: Branch) -> int:
    """Have everything of the branch told anew at once; how much that is."""
    keys = [str(pk) for pk in Deployment.objects.filter(branch=branch).values_list("pk", flat=True)]
    now = timezone.now()
    of_branch = Q(branch=branch) | Q(kind=_Kind.DEPLOYMENT, key__in=keys)
    rows = Outgoing.objects.filter(of_branch, repository_id=branch.repository_id)
    return rows.update(asked_at=now, due_at=now, done_at=None, attempts=F("attempts") * 0)

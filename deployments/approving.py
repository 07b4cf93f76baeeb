"""Commits of strangers: they wait until somebody approves exactly this one. `intake` offers both.

A commit's hash is all that an approval is bound to: what a page showed is sent back, compared with
what waits at that moment, and written down in the same compare-and-swap as the deployment.
"""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from . import announcing
from .adapters import wakeups
from .deploying import deploy, raise_generation
from .errors import UserError
from .models import Approval, Branch, Deployment, Repository, Transition
from .states import BranchState, Wanted


def await_approval(branch: Branch, commit: str, *, actor: str) -> bool:
    """The fork's head is `commit` now: nothing is done with it before somebody approves it.

    What was approved before goes on as it is. False where somebody wished something, or saw
    another head, since `branch` was read.
    """
    before, now = branch.state, timezone.now()
    news = {"waiting_commit": commit, "seen_commit": commit}
    unseen = Q(seen_commit=branch.seen_commit)
    with transaction.atomic():
        if branch.wanted == Wanted.PRESENT:
            rows = Branch.objects.filter(unseen, pk=branch.pk, generation=branch.generation)
            if not rows.update(**news, updated_at=now):
                return False
        elif raise_generation(branch, unseen, wanted=Wanted.PRESENT, **news):
            branch.state = BranchState.PENDING
            Branch.objects.filter(pk=branch.pk).update(
                # What there was of it ends by itself, and says nothing of this commit.
                deployment=None,
                state=BranchState.PENDING,
                state_changed_at=now,
                updated_at=now,
            )
        else:
            return False
        Transition.objects.create(
            branch=branch,
            before=before,
            after=branch.state,
            reason=f"{commit[:7]} waits for an approval: it comes from a fork.",
            actor=actor,
        )
        announcing.changed(branch.pk)
    branch.waiting_commit = branch.seen_commit = commit
    wakeups.notify(branch=branch.pk)
    return True


def approve(branch: Branch, commit: str, *, actor: str, reason: str = "") -> Deployment:
    """Deploy the commit that waits, provided that it is `commit`, all digits of it.

    Raises UserError where another one waits by now, or none.
    """
    while True:
        branch.refresh_from_db()
        check_waiting(branch, commit)
        _check_offered(branch.repository)
        deployment = deploy(
            branch,
            commit,
            {"wanted_commit": commit, "waiting_commit": ""},
            trigger=Deployment.Trigger.APPROVAL,
            actor=actor,
            reason=_said(commit, reason),
            approval=Approval(branch=branch, commit=commit, actor=actor, reason=reason),
            provided=Q(waiting_commit=commit),
        )
        if deployment is not None:
            return deployment


def check_waiting(branch: Branch, commit: str) -> None:
    """Raise UserError unless it is this commit that waits for an approval."""
    if branch.waiting_for and branch.waiting_commit == commit:
        return
    if branch.waiting_for:
        raise UserError(
            _("Another commit waits by now: %s.") % branch.waiting_commit[:12],
            hint=_("Have a look at it, and approve that one. Nothing was changed."),
        )
    approval = branch.approvals.filter(commit=commit).first()
    if approval is not None:
        raise UserError(
            _("%(name)s approved this commit before.") % {"name": approval.actor},
            hint=_("Redeploy it, or wait for the next push."),
        )
    raise UserError(
        _("This commit does not wait for an approval."),
        hint=_("Only the newest commit of an open pull request from a fork does."),
    )


def _check_offered(repository: Repository) -> None:
    if repository.forks == Repository.Forks.OFF:
        raise UserError(
            _("Forks get no preview in %s.") % repository,
            hint=_("An administrator changes that in the repository’s settings."),
        )


def _said(commit: str, reason: str) -> str:
    return f"Approved {commit[:7]}: {reason}" if reason else f"Approved {commit[:7]}"

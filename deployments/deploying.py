"""One wish that a commit be live: the branch's generation and its deployment's row, together.

`intake` is the door to it, and decides what may be wished.
"""

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from . import announcing, elsewhere, notices
from .adapters import wakeups
from .ending import skip_queued
from .errors import UserError
from .models import Approval, Branch, Deployment, Transition, expiry
from .states import BranchState, DeploymentState, Wanted


def deploy(
    branch: Branch,
    commit: str,
    wish: dict[str, str],
    *,
    trigger: Deployment.Trigger,
    reason: str = "",
    actor: str = "",
    no_cache: bool = False,
    rolls_back_to: Deployment | None = None,
    approval: Approval | None = None,
    provided: Q | None = None,
) -> Deployment | None:
    """A new generation with its deployment, and `wish` as values of the branch.

    None where somebody wished something since `branch` was read, or `provided` is not so. A fork's
    commit takes an approval: the one given here, or an earlier one. Raises UserError without.
    """
    if approval is None:
        check_approved(branch, commit)
    is_built_elsewhere = elsewhere.is_expected(branch, trigger)
    images = None
    if is_built_elsewhere:
        elsewhere.check_cache_wish(branch.repository, no_cache=no_cache)
        images = elsewhere.known_images(branch.repository, branch.name, commit)
    now = timezone.now()
    with transaction.atomic():
        if not raise_generation(branch, provided, wanted=Wanted.PRESENT, **wish):
            return None
        deployment = Deployment.objects.create(
            branch=branch,
            generation=branch.generation,
            commit=images.commit if images else commit,
            trigger=trigger,
            actor=actor,
            no_cache=no_cache,
            rolls_back_to=rolls_back_to,
            is_trusted=not branch.is_fork,
            is_built_elsewhere=is_built_elsewhere,
            image_set=images,
        )
        if approval is not None:
            approval.deployment = deployment
            approval.save()
        Branch.objects.filter(pk=branch.pk).update(
            deployment=deployment,
            state=BranchState.PENDING,
            state_changed_at=now,
            updated_at=now,
        )
        expiry.restart(branch)
        queued = Transition.objects.create(
            branch=branch,
            deployment=deployment,
            before=branch.state,
            after=DeploymentState.QUEUED,
            reason=reason or trigger,
            actor=actor,
        )
        announcing.changed(branch.pk, deployment.pk)
        notices.happened(queued)
        skip_queued(branch)
    branch.deployment, branch.state = deployment, BranchState.PENDING
    wakeups.wake(wakeups.BUILD, deployment.pk)
    wakeups.notify(branch=branch.pk)
    return deployment


def check_approved(branch: Branch, commit: str) -> None:
    """Raise UserError where it is a stranger's commit that nobody has approved."""
    if branch.is_fork and not branch.approvals.filter(commit=commit).exists():
        raise UserError(
            _("Commit %s comes from a fork, and nobody has approved it.") % commit[:7],
            hint=_("Somebody with the role deployer approves it on the preview’s page."),
        )


def raise_generation(branch: Branch, provided: Q | None = None, **wish: str) -> bool:
    """The compare-and-swap of every wish; False where another one came first."""
    expected = branch.generation
    rows = Branch.objects.filter(provided or Q(), pk=branch.pk, generation=expected)
    if not rows.update(generation=F("generation") + 1, **wish):
        return False
    branch.generation = expected + 1
    for name, value in wish.items():
        setattr(branch, name, value)
    return True

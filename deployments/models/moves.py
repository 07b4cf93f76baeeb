"""The one writer of state: compare-and-swap, and one history row per move."""

from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from .. import announcing, notices
from ..states import BranchState, DeploymentState, Wanted, branch_state, may_move
from .branch import Branch
from .deployment import Deployment
from .transition import Transition

log = structlog.get_logger(__name__)


def move_deployment(
    deployment: Deployment,
    to: DeploymentState,
    *,
    reason: str = "",
    actor: str = "",
    held_by: str | None = None,
    **fields: Any,
) -> bool:
    """Move a deployment and, where it is the branch's newest, what people see of the branch.

    False means that somebody else was first: nothing was written.
    """
    before = DeploymentState(deployment.state)
    if not may_move(before, to):
        raise AssertionError(f"{before} cannot become {to}")
    now = timezone.now()
    fields |= {"state": to, "state_changed_at": now}
    rows = Deployment.objects.filter(pk=deployment.pk, state=before)
    if held_by is not None:
        rows = rows.filter(lease_owner=held_by)
    with transaction.atomic():
        # Intake locks a branch before its deployments: whoever did it the other way round would
        # wait for it while it waits for them.
        branch = Branch.objects.select_for_update().only("live").get(pk=deployment.branch_id)
        if not rows.update(**fields):
            return False
        moved = Transition.objects.create(
            branch_id=deployment.branch_id,
            deployment=deployment,
            before=before,
            after=to,
            reason=reason,
            actor=actor,
        )
        Branch.objects.filter(pk=branch.pk, deployment=deployment, wanted=Wanted.PRESENT).update(
            state=branch_state(to, is_served=branch.live_id is not None),
            state_changed_at=now,
            updated_at=now,
        )
        announcing.changed(branch.pk, deployment.pk)
        notices.happened(moved)
    for name, value in fields.items():
        setattr(deployment, name, value)
    log.info(
        "deployment_moved",
        deployment=deployment.pk,
        branch=deployment.branch_id,
        before=before,
        after=to,
        reason=reason,
    )
    return True


def move_branch(branch: Branch, to: BranchState, *, reason: str = "", actor: str = "") -> bool:
    """Move a branch that no deployment speaks for: on its way to be destroyed, or back."""
    before, now = branch.state, timezone.now()
    with transaction.atomic():
        rows = Branch.objects.filter(pk=branch.pk, state=before, generation=branch.generation)
        if not rows.update(state=to, state_changed_at=now, updated_at=now):
            return False
        moved = Transition.objects.create(
            branch=branch, before=before, after=to, reason=reason, actor=actor
        )
        announcing.changed(branch.pk)
        notices.happened(moved)
    branch.state = to
    return True

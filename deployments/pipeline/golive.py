"""Going live: one write of where the router sends visitors."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from ..adapters import wakeups
from ..config import config
from ..models import Branch
from ..models.lease import Lease
from ..models.moves import move_deployment
from ..states import DeploymentState, branch_state
from .report import Report

#: Seconds for which the router may still send visitors to the version before.
_UNTIL_SEEN = 4


def go_live(lease: Lease, report: Report) -> None:
    """Send visitors to this deployment, and let the one before drain.

    Raises Superseded when a newer one is live already: an older commit never replaces a newer.
    """
    deployment, now = lease.deployment, timezone.now()
    with transaction.atomic():
        # Two that go live at the same moment do so one after the other.
        branch = Branch.objects.select_for_update().get(pk=deployment.branch_id)
        lease.check_not_overtaken()
        before = branch.live
        Branch.objects.filter(pk=branch.pk).update(live=deployment, updated_at=now)
        lease.move(DeploymentState.LIVE, finished_at=now, progress="", error="")
        _show_it_where_a_newer_one_was_cancelled(branch, now)
        if before is not None:
            move_deployment(
                before,
                DeploymentState.RETIRED,
                reason=f"Generation {deployment.generation} is live.",
                due_at=now + timedelta(seconds=config().drain_seconds),
            )
    seconds = (now - deployment.created_at).total_seconds()
    report.say(f"✓ Live at {deployment.branch.url} after {seconds:.1f} s")
    wakeups.notify(branch=deployment.branch_id)
    # The router learns of it within seconds.
    wakeups.wake(wakeups.PICTURE, deployment.pk, countdown=_UNTIL_SEEN, expires=600)


def _show_it_where_a_newer_one_was_cancelled(branch: Branch, now: datetime) -> None:
    """Nothing has failed then, and there is something to see after all."""
    newest = branch.deployment
    if newest is not None and newest.state == DeploymentState.CANCELLED:
        state = branch_state(DeploymentState.CANCELLED, is_served=True)
        Branch.objects.filter(pk=branch.pk).update(state=state, state_changed_at=now)

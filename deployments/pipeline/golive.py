"""Going live: one compare-and-swap of where the router sends visitors."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from ..adapters import wakeups
from ..config import config
from ..errors import Superseded
from ..models import Branch
from ..models.lease import Lease
from ..models.moves import move_deployment
from ..states import DeploymentState, Wanted
from .report import Report


def go_live(lease: Lease, report: Report) -> None:
    """Send visitors to this deployment, and let the one before drain.

    Raises Superseded when a newer one is live already: an older commit never replaces a newer.
    """
    deployment, now = lease.deployment, timezone.now()
    with transaction.atomic():
        lease.check_not_overtaken()
        branch = Branch.objects.select_related("live").get(pk=deployment.branch_id)
        before = branch.live
        swapped = Branch.objects.filter(
            pk=branch.pk, live_id=branch.live_id, wanted=Wanted.PRESENT
        ).update(live=deployment, updated_at=now)
        if not swapped:
            raise Superseded("The branch changed at this very moment.")
        lease.move(DeploymentState.LIVE, finished_at=now, progress="", error="")
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

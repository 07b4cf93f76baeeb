"""The right to work on one deployment: held in the database, for a limited time."""

import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from .. import handover
from ..errors import HandedOver, LeaseLost, Superseded
from ..states import DeploymentState, Wanted
from .branch import Branch
from .deployment import Deployment
from .hook import Hook
from .moves import move_deployment
from .service import Service

SECONDS = 30


class Lease:
    """Made by `claim`. Every write through it fails with LeaseLost once somebody else holds it."""

    def __init__(self, deployment: Deployment, owner: str) -> None:
        self.deployment = deployment
        self.owner = owner

    @classmethod
    def claim(cls, deployment_id: int, states: Collection[DeploymentState]) -> "Lease | None":
        """Take the deployment if it is due, in one of `states`, and nobody works on it."""
        now, owner = timezone.now(), secrets.token_hex(8)
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        due = Q(due_at=None) | Q(due_at__lte=now)
        claimed = Deployment.objects.filter(free, due, pk=deployment_id, state__in=states).update(
            lease_owner=owner, lease_until=now + timedelta(seconds=SECONDS)
        )
        if not claimed:
            return None
        deployment = Deployment.objects.select_related("branch__repository").get(pk=deployment_id)
        return cls(deployment, owner)

    def beat(self) -> None:
        """Hold on for another SECONDS.

        Raises Superseded when the work is no longer wanted, and HandedOver when this worker is
        being stopped.
        """
        self.extend()
        self.check_wanted()
        if handover.is_requested():
            raise HandedOver("This worker is being stopped; another one goes on.")

    def extend(self) -> None:
        """Hold on for another SECONDS."""
        self.save(lease_until=timezone.now() + timedelta(seconds=SECONDS))

    def check_held(self) -> None:
        """Raise LeaseLost unless the deployment is still this worker's own."""
        self.check_not_run_out()
        if not self._row().exists():
            raise self._lost()

    def check_not_run_out(self) -> None:
        """The same by the clock alone: for threads that have no database connection."""
        until = self.deployment.lease_until
        if until is None or until <= timezone.now():
            raise self._lost()

    def check_wanted(self) -> None:
        """Raise Superseded unless this is still the newest thing wanted of the branch."""
        newest = Branch.objects.filter(
            pk=self.deployment.branch_id,
            generation=self.deployment.generation,
            wanted=Wanted.PRESENT,
        )
        if not newest.exists():
            raise Superseded("A newer commit or a destroy request came in between.")

    def is_overtaken(self) -> bool:
        """Whether `check_not_overtaken` would raise."""
        try:
            self.check_not_overtaken()
        except Superseded:
            return True
        return False

    def check_not_overtaken(self) -> None:
        """Raise Superseded if the branch is to be destroyed, or a newer deployment is live.

        A rollout under way goes on while a newer one is only being built: it may well fail.
        """
        branch = Branch.objects.get(pk=self.deployment.branch_id)
        if branch.wanted == Wanted.ABSENT:
            raise Superseded("The branch is to be destroyed.")
        # Also one that is not live any more: the branch may have been destroyed in between.
        newer = branch.deployments.filter(
            generation__gt=self.deployment.generation,
            state__in=(DeploymentState.LIVE, DeploymentState.RETIRED),
        ).first()
        if newer is not None:
            raise Superseded(f"Generation {newer.generation} was live already.")

    def save(self, **fields: Any) -> None:
        """Write columns of the deployment."""
        if not self._row().update(**fields):
            raise self._lost()
        for name, value in fields.items():
            setattr(self.deployment, name, value)

    def save_part(self, part: Service | Hook, **fields: Any) -> None:
        """Write columns of something that belongs to the deployment."""
        rows = type(part).objects.filter(
            pk=part.pk, deployment=self.deployment, deployment__lease_owner=self.owner
        )
        if not rows.update(**fields):
            raise self._lost()
        for name, value in fields.items():
            setattr(part, name, value)

    def move(self, to: DeploymentState, *, reason: str = "", **fields: Any) -> None:
        """Move the deployment to its next state and give the lease back."""
        fields = {"lease_owner": "", "lease_until": None, "due_at": None, "attempts": 0} | fields
        moved = move_deployment(self.deployment, to, reason=reason, held_by=self.owner, **fields)
        if not moved:
            raise self._lost()

    def give_back(self, *, due_in: float, attempts: int | None = None) -> None:
        """Let go without a move: to be taken up again in `due_in` seconds."""
        fields: dict[str, Any] = {
            "lease_owner": "",
            "lease_until": None,
            "due_at": timezone.now() + timedelta(seconds=due_in),
        }
        if attempts is not None:
            fields["attempts"] = attempts
        self.save(**fields)

    def _row(self) -> QuerySet[Deployment]:
        return Deployment.objects.filter(pk=self.deployment.pk, lease_owner=self.owner)

    def _lost(self) -> LeaseLost:
        return LeaseLost(f"{self.deployment} is worked on by somebody else now.")

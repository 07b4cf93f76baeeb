"""Asking for a comparison now, instead of waiting for the clock to ask."""

from datetime import timedelta

from django.utils import timezone

from ..adapters import wakeups
from ..models import Reconciliation

#: A pass that shows no sign of life for that long is given up.
_GIVEN_UP_AFTER = timedelta(minutes=5)


def ask(asked_by: str) -> Reconciliation:
    """The pass that runs already, or a new one; a worker is woken up for it."""
    now = timezone.now()
    running = Reconciliation.objects.filter(finished_at=None, beat_at__gt=now - _GIVEN_UP_AFTER)
    if known := running.first():
        return known
    asked = Reconciliation.objects.create(asked_by=asked_by, started_at=now, beat_at=now)
    wakeups.wake(wakeups.RECONCILE, asked.pk)
    return asked

"""Whether workers make progress, as their rows tell: alive is not enough.

Pure reading, in a few indexed queries; it names what stands still and since when.
"""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from .config import config
from .models import Delivery, Deployment, Pulse, Reconciliation
from .states import ACTIVE, DeploymentState

#: The clock ticks every second, and its sign is written every five.
_CLOCK = timedelta(seconds=30)
#: A canary flies every quarter of a minute; some may be lost.
_CANARY = timedelta(seconds=75)
#: Deliveries are decided about within a second, and tried again for some minutes.
_DECISION = timedelta(minutes=2)
#: What is due is picked up by the next tick.
_PICKED_UP = timedelta(minutes=3)


def problems() -> dict[str, str]:
    """Part → what is wrong with it in a sentence, empty where nothing is."""
    now = timezone.now()
    return {
        "control": _control(now),
        "build": _build(now),
        "deliveries": _deliveries(now),
        "rollouts": _rollouts(now),
        "reconciler": _reconciler(now),
    }


def _control(now: datetime) -> str:
    seen = _seen(Pulse.Part.CONTROL)
    if seen is not None and now - seen < _CLOCK:
        return ""
    return _since(_("No control worker hears the clock: are both running?"), seen)


def _build(now: datetime) -> str:
    """All of them may be busy: then their builds show that they work."""
    seen = _seen(Pulse.Part.BUILD)
    if seen is not None and now - seen < _CANARY:
        return ""
    building = Deployment.objects.filter(state=DeploymentState.BUILDING)
    if building.filter(lease_until__gt=now).exists():
        return ""
    return _since(_("No build worker takes work: is one running, or does it hang?"), seen)


def _deliveries(now: datetime) -> str:
    waiting = Delivery.objects.filter(
        state=Delivery.State.PENDING, attempts=0, received_at__lt=now - _DECISION
    ).order_by("id")
    oldest = waiting.values_list("received_at", flat=True).first()
    return _since(_("Deliveries wait for a decision."), oldest) if oldest else ""


def _rollouts(now: datetime) -> str:
    """Work that is due, that nobody holds, and that does not wait for a free build worker."""
    due = Deployment.objects.filter(
        state__in=ACTIVE - {DeploymentState.QUEUED, DeploymentState.BUILDING},
        due_at__lt=now - _PICKED_UP,
    ).exclude(lease_until__gt=now)
    oldest = due.order_by("due_at").values_list("due_at", flat=True).first()
    return _since(_("Rollouts are not looked at."), oldest) if oldest else ""


def _reconciler(now: datetime) -> str:
    last = Reconciliation.objects.exclude(finished_at=None).order_by("-pk").first()
    allowed = 3 * timedelta(seconds=config().reconcile_seconds) + _PICKED_UP
    first = Reconciliation.objects.order_by("pk").values_list("started_at", flat=True).first()
    since = last.finished_at if last else first
    if since is None or now - since < allowed:
        return ""
    return _since(_("Nothing was compared with git and AWS."), since)


def _seen(part: Pulse.Part) -> datetime | None:
    return Pulse.objects.filter(part=part).values_list("at", flat=True).first()


def _since(sentence: str, when: datetime | None) -> str:
    if when is None:
        return sentence
    return _("%(sentence)s Since %(time)s UTC.") % {
        "sentence": sentence,
        "time": f"{when:%Y-%m-%d %H:%M:%S}",
    }

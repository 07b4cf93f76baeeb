"""When a preview ends by itself: after its time without a visit, a push or a wish of a person.

The application's `expires` counts before the repository's setting, and that before the
installation's. A pinned preview does not end. Nobody's preview ends without notice.
"""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from ..config import config
from ..states import ACTIVE, Wanted
from .branch import Branch
from .repository import Repository

#: How long before the end people are told of it, at most.
LONGEST_NOTICE = timedelta(hours=24)


def ttl(branch: Branch) -> timedelta | None:
    """How long it stays without a visit or a push; None means for ever."""
    for seconds in (branch.expires_seconds, branch.repository.expires_seconds):
        if seconds is not None:
            return timedelta(seconds=seconds) or None
    return timedelta(days=config().expires_days) or None


def expires_at(branch: Branch, since: datetime) -> datetime | None:
    """When it ends if nothing happens after `since`; None means never."""
    lasts = ttl(branch)
    if not lasts or branch.pinned_at is not None:
        return None
    return max(since + lasts, branch.kept_until or since)


def notice(lasts: timedelta) -> timedelta:
    """How long before its end people are told: a day, or a quarter of a short life."""
    return min(LONGEST_NOTICE, lasts / 4)


def counted_again(branch: Branch) -> datetime | None:
    """Its end by the settings of now: they may have become longer since it was counted."""
    lasts, ends = ttl(branch), branch.expires_at
    if lasts is None or ends is None:
        return None
    wished = branch.deployment.created_at if branch.deployment else branch.created_at
    also = [branch.kept_until] if branch.kept_until else []
    if branch.visited_at:
        also.append(branch.visited_at + lasts)
    return max(ends, wished + lasts, *also)


def with_end() -> Q:
    """Branches that are to end some day."""
    silent = Q(expires_seconds=None)
    by_installation = silent & Q(repository__expires_seconds=None)
    wanted = Q(expires_seconds__gt=0) | (silent & Q(repository__expires_seconds__gt=0))
    if config().expires_days:
        wanted |= by_installation
    return wanted & Q(wanted=Wanted.PRESENT, pinned_at=None)


def at_rest() -> Q:
    """Branches whose newest deployment is not on its way: nothing ends under a worker's hands."""
    return ~Q(deployment__state__in=ACTIVE)


def restart(branch: Branch) -> None:
    """Count anew from now: somebody was active. The caller holds the branch's row."""
    branch.refresh_from_db(fields=["pinned_at", "expires_seconds", "kept_until"])
    branch.expires_at, branch.expiry_warned_at = expires_at(branch, timezone.now()), None
    branch.save(update_fields=["expires_at", "expiry_warned_at"])


def forget(repository: Repository) -> None:
    """The repository's setting has changed: the next tick counts its previews anew, from then."""
    rows = Branch.objects.filter(repository=repository)
    rows.update(expires_at=None, expiry_warned_at=None)


def in_words(duration: timedelta) -> str:
    """A duration as a person would say it: 30 days, 24 hours, 5 minutes."""
    minutes = round(duration.total_seconds() / 60)
    for unit, size in (("day", 24 * 60), ("hour", 60)):
        if minutes >= 2 * size:
            return f"{round(minutes / size)} {unit}s"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"

"""What nobody visits or pushes to any more: people are warned of its end, then it ends."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from .. import announcing, intake, notices
from ..adapters import wakeups
from ..models import Branch, Transition, expiry
from ..states import Wanted

_AT_ONCE = 500


def end_expired(now: datetime) -> None:
    """Warn of what ends soon, end what is over."""
    _begin(now)
    soon = Branch.objects.filter(
        expiry.at_rest(),
        wanted=Wanted.PRESENT,
        pinned_at=None,
        expires_at__lte=now + expiry.LONGEST_NOTICE,
    )
    for branch in soon.select_related("repository", "deployment").order_by("expires_at"):
        _look_at(branch, now)


def _begin(now: datetime) -> None:
    """Previews whose time is not counted yet: it begins now, so that no setting and no upgrade
    ends one at once."""
    rows = Branch.objects.filter(expiry.with_end(), expires_at=None).select_related("repository")
    for branch in rows[:_AT_ONCE]:
        _swap(branch, expires_at=expiry.expires_at(branch, now), expiry_warned_at=None)


def _look_at(branch: Branch, now: datetime) -> None:
    lasts, ends = expiry.ttl(branch), expiry.counted_again(branch)
    if lasts is None or ends is None or ends != branch.expires_at:
        _swap(branch, expires_at=ends, expiry_warned_at=None)
    elif branch.expiry_warned_at is not None:
        if ends <= now:
            _end(branch, lasts)
    elif ends - expiry.notice(lasts) <= now:
        _warn(branch, expiry.notice(lasts), now)


def _warn(branch: Branch, left: timedelta, now: datetime) -> None:
    """Where this is late (the clock stood still, a setting was shortened), the end waits, too."""
    with transaction.atomic():
        if not _swap(
            branch, expires_at=_later(branch.expires_at, now + left), expiry_warned_at=now
        ):
            return
        warned = Transition.objects.create(
            branch=branch,
            before=branch.state,
            after=branch.state,
            reason=f"It ends in {expiry.in_words(left)} unless somebody opens it, pushes or "
            "pins it.",
        )
        announcing.changed(branch.pk)
        notices.happened(warned, is_expiring=True)
    wakeups.notify(branch=branch.pk)


def _later(known: datetime | None, other: datetime) -> datetime:
    return max(known, other) if known else other


def _end(branch: Branch, lasts: timedelta) -> None:
    intake.want_absent(
        branch,
        actor="",
        reason=f"Nobody visited it or pushed to it for {expiry.in_words(lasts)}.",
        provided=_untouched(branch),
    )


def _swap(branch: Branch, **fields: datetime | None) -> bool:
    return bool(Branch.objects.filter(_untouched(branch), pk=branch.pk).update(**fields))


def _untouched(branch: Branch) -> Q:
    """A visit, a push or a pin at the last moment wins."""
    return Q(expires_at=branch.expires_at, pinned_at=None)

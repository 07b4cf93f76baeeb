"""Keeping a preview longer than its time: a pin, and an extension. `intake` offers them."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from . import announcing
from .adapters import wakeups
from .errors import UserError
from .models import Branch, Transition, expiry
from .states import Wanted

#: Two wishes to keep it longer within this many seconds are one.
_SAME_WISH_SECONDS = 60


def pin(branch: Branch, *, actor: str, reason: str = "") -> bool:
    """Keep the preview until somebody unpins it. False when it was pinned already.

    It exempts from expiry only: a closed pull request, a deleted branch and a destroy by hand
    end it all the same. Raises UserError where there is nothing to keep.
    """
    with transaction.atomic():
        _hold(branch)
        _check_there(branch)
        if branch.pinned_at is not None:
            return False
        branch.pinned_at, branch.pinned_by = timezone.now(), actor
        branch.save(update_fields=["pinned_at", "pinned_by"])
        expiry.restart(branch)
        _tell(branch, actor, f"Pinned: {reason}" if reason else "Pinned")
    wakeups.notify(branch=branch.pk)
    return True


def unpin(branch: Branch, *, actor: str, reason: str = "") -> bool:
    """Let the preview's time begin anew, from now. False when it was not pinned."""
    with transaction.atomic():
        _hold(branch)
        if branch.pinned_at is None:
            return False
        branch.pinned_at, branch.pinned_by = None, ""
        branch.save(update_fields=["pinned_at", "pinned_by"])
        expiry.restart(branch)
        _tell(branch, actor, f"Unpinned: {reason}" if reason else "Unpinned")
    wakeups.notify(branch=branch.pk)
    return True


def extend(branch: Branch, *, actor: str, by: timedelta | None = None) -> bool:
    """Count the preview's time anew, as a visit does; or have it end no earlier than `by` from now.

    False when that happened just now, or where it has no end. Raises UserError where there is
    nothing to keep.
    """
    with transaction.atomic():
        _hold(branch)
        _check_there(branch)
        if by is not None:
            branch.kept_until = max(timezone.now() + by, branch.kept_until or timezone.now())
        ends = expiry.expires_at(branch, timezone.now())
        if ends is None or _is_about(branch, ends.timestamp()):
            return False
        branch.save(update_fields=["kept_until"])
        expiry.restart(branch)
        for_so_long = f" for {expiry.in_words(by)}" if by else ""
        _tell(branch, actor, f"Kept longer{for_so_long}")
    wakeups.notify(branch=branch.pk)
    return True


def _is_about(branch: Branch, ends: float) -> bool:
    known = branch.expires_at
    return known is not None and ends - known.timestamp() < _SAME_WISH_SECONDS


def _hold(branch: Branch) -> None:
    """Read the row, and let nobody else write it until the transaction is over."""
    branch.refresh_from_db(from_queryset=Branch.objects.select_for_update())


def _check_there(branch: Branch) -> None:
    if branch.wanted == Wanted.ABSENT:
        raise UserError(
            _("There is no preview to keep: it was destroyed."),
            hint=_("Redeploy it first."),
        )


def _tell(branch: Branch, actor: str, reason: str) -> None:
    Transition.objects.create(
        branch=branch, before=branch.state, after=branch.state, reason=reason, actor=actor
    )
    announcing.changed(branch.pk)

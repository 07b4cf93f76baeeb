"""What opens protected previews for others than members: share links, and a token for tests.

Each is made, replaced and revoked here alone: this is where it is noted who did it.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from . import audit
from .models import Branch, Bypass, Repository, Share

#: How long a link may last, by the word that a form says.
LASTS = {
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}


def share(branch: Branch, lasts: timedelta, *, note: str, actor: str) -> str:
    """Make a link; returns its address, which can be read only now."""
    with transaction.atomic():
        link, token = Share.issue(branch, lasts, note=note, by=actor)
        after = {"expires_at": link.expires_at.isoformat(timespec="seconds"), "note": note}
        audit.note("preview.share", branch, actor=actor, after=after)
    return f"{branch.url}/_edaha/share/{token}"


def unshare(link: Share, *, actor: str) -> bool:
    """End a link now; False where it had ended before."""
    open_one = Share.objects.filter(pk=link.pk, revoked_at=None, expires_at__gt=timezone.now())
    with transaction.atomic():
        is_new = bool(open_one.update(revoked_at=timezone.now(), revoked_by=actor))
        if is_new:
            before = {"made_by": link.created_by, "note": link.note}
            audit.note("preview.unshare", link.branch, actor=actor, before=before)
    return is_new


def make_bypass(repository: Repository, *, actor: str) -> str:
    """The token that counts from now on, instead of the one before; it can be read only now."""
    with transaction.atomic():
        token = Bypass.issue(repository, by=actor)
        audit.note("repository.make_bypass", repository, actor=actor)
    return token


def revoke_bypass(repository: Repository, *, actor: str) -> bool:
    """No token counts any more; False where there was none."""
    with transaction.atomic():
        gone, _ = Bypass.objects.filter(repository=repository).delete()
        if gone:
            audit.note("repository.revoke_bypass", repository, actor=actor)
    return bool(gone)

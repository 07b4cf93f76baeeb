"""Tokens of the API are made and revoked: by the command line and by a page."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from . import audit
from .errors import UserError
from .models import ApiToken, Repository

#: A token that lives longer is better made anew.
DAYS_MAX = 3660


def issue(
    name: str,
    role: str,
    *,
    actor: str,
    repositories: Sequence[Repository] = (),
    days: int | None = None,
) -> str:
    """Make a token and return it: this is the only time it can be read.

    Raises ValidationError for what cannot be a name or a role, UserError where the name is taken
    or `days`, after which it ends, are none.
    """
    if days is not None and not 1 <= days <= DAYS_MAX:
        raise UserError(_("Let it end after 1 to %d days.") % DAYS_MAX)
    ApiToken(name=name, role=role).full_clean(exclude=["digest"], validate_unique=False)
    if ApiToken.objects.filter(name=name).exists():
        raise UserError(
            _("There is a token %s already.") % name,
            hint=_("Revoke it first, or choose another name."),
        )
    ends = timezone.now() + timedelta(days=days) if days else None
    with transaction.atomic():
        token = ApiToken.issue(
            name, role, repositories=repositories, expires_at=ends, created_by=actor
        )
        after = {
            "role": role,
            "repositories": [each.full_name for each in repositories],
            "expires_at": _iso(ends),
        }
        audit.note("token.issue", name, actor=actor, after=after)
    return token


def revoke(token: ApiToken, *, actor: str) -> None:
    """End a token at once."""
    before = {
        "role": token.role,
        "repositories": list(token.repositories.values_list("full_name", flat=True)),
        "expires_at": _iso(token.expires_at),
        "last_used_at": _iso(token.last_used_at),
    }
    with transaction.atomic():
        token.delete()
        audit.note("token.revoke", token.name, actor=actor, before=before)


def _iso(time: datetime | None) -> str:
    return time.isoformat(timespec="seconds") if time else ""

"""Second factors are encrypted anew when the key changes, like everything else at rest."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from deployments.sealing import Unreadable

from . import sealing

#: What of a row's data is sealed: an app's secret, and what recovery codes are made of.
_TEXTS, _LISTS = ("secret", "seed"), ("migrated_codes",)
_KINDS = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)


def rotate() -> tuple[int, list[str]]:
    """Encrypt all with the first key; how many, and those that no key opens."""
    count, unreadable = 0, []
    for pk in Authenticator.objects.filter(type__in=_KINDS).values_list("pk", flat=True):
        with transaction.atomic():
            rows = Authenticator.objects.select_for_update(of=("self",)).select_related("user")
            row = rows.filter(pk=pk).first()
            if row is None:
                continue
            try:
                row.data = _resealed(row.data)
            except Unreadable:
                unreadable.append(f"the second factor of {row.user.get_username()} ({row.type})")
                continue
            row.save(update_fields=["data"])
            count += 1
    return count, unreadable


def _resealed(data: dict[str, Any]) -> dict[str, Any]:
    texts = {name: _anew(data[name]) for name in _TEXTS if name in data}
    lists = {name: [_anew(each) for each in data[name]] for name in _LISTS if name in data}
    return data | texts | lists


def _anew(sealed: str) -> str:
    return sealing.seal(sealing.open_(sealed))

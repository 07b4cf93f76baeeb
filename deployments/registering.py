"""Repositories become known, are changed and are forgotten: by the command line and by a page."""

import secrets
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from . import audit
from .adapters import wakeups
from .errors import UserError
from .models import Branch, Deployment, Repository, expiry
from .states import BranchState

_SECRET_BYTES = 32
#: Of these the audit log tells only that they were changed.
_SECRETS = {"webhook_secret", "webhook_secret_previous"}


def new_secret() -> str:
    """What nobody guesses; GitHub asks for a text with much randomness in it:
    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries"""
    return secrets.token_urlsafe(_SECRET_BYTES)


def add(repository: Repository, *, actor: str) -> None:
    """Make it known. Raises ValidationError with everything that is wrong."""
    repository.full_clean()
    with transaction.atomic():
        repository.save()
        told = {"clone_url": repository.clone_url, "is_private": repository.is_private}
        audit.note("repository.add", repository, actor=actor, after=told)


def change(repository: Repository, values: Mapping[str, Any], *, actor: str) -> list[str]:
    """Give it these values; returns the fields that differ from before.

    A secret that is replaced stays valid until somebody ends that: between this change and the
    one at GitHub, deliveries must not be lost. Raises ValidationError; nothing is saved then.
    """
    differing = [name for name, value in values.items() if getattr(repository, name) != value]
    before = repository.webhook_secret
    old = {name: getattr(repository, name) for name in differing}
    for name in differing:
        setattr(repository, name, values[name])
    if keeps_secret_before(differing, before, repository.webhook_secret):
        repository.webhook_secret_previous = before
    if differing:
        repository.full_clean()
        with transaction.atomic():
            repository.save()
            new = {name: values[name] for name in differing}
            told, says = _without_secrets(old), _without_secrets(new)
            audit.note("repository.change", repository, actor=actor, before=told, after=says)
    if "is_private" in differing:
        wakeups.notify(access=repository.pk)
    if "expires_seconds" in differing:
        expiry.forget(repository)
    return differing


def keeps_secret_before(differing: list[str], before: str, after: str) -> bool:
    """Whether the secret before is still accepted by itself."""
    is_replaced = "webhook_secret" in differing and before and after
    return bool(is_replaced) and "webhook_secret_previous" not in differing


def _without_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: ("(set)" if value else "(none)") if name in _SECRETS else value
        for name, value in values.items()
    }


def remove(repository: Repository, *, actor: str) -> None:
    """Forget it and its history. Raises UserError while something of it is left in AWS."""
    with transaction.atomic():
        there = Branch.objects.filter(repository=repository).exclude(state=BranchState.DESTROYED)
        if names := list(there.values_list("slug", flat=True)[:5]):
            raise UserError(_("Destroy its previews first: %s.") % ", ".join(names))
        if Deployment.objects.filter(branch__repository=repository, cleaned_at=None).exists():
            raise UserError(_("Its last preview is still being cleaned up. Try again soon."))
        audit.note("repository.forget", repository, actor=actor)
        repository.delete()

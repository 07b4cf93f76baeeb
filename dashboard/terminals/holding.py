"""Terminals that were let in: what their tokens open, and their end."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from dashboard.access import Access, Role, access_of
from dashboard.models import Terminal
from deployments import audit
from deployments.adapters import wakeups
from deployments.models import Repository
from deployments.models.share import digest_of

from .asking import BEGINNING

#: A use is written no more often than this: reading must not become writing.
_USE_WRITTEN_EVERY = timedelta(minutes=1)


def looks_like_one(token: str) -> bool:
    return token.startswith(BEGINNING)


def find(token: str) -> Terminal | None:
    """None where its time is over, or its person may no longer sign in."""
    rows = Terminal.objects.select_related("user").filter(digest=digest_of(token))
    return rows.filter(expires_at__gt=timezone.now(), user__is_active=True).first()


def note_use(terminal: Terminal) -> None:
    now = timezone.now()
    is_old = Q(last_used_at=None) | Q(last_used_at__lt=now - _USE_WRITTEN_EVERY)
    Terminal.objects.filter(is_old, pk=terminal.pk).update(last_used_at=now)


def access_by(terminal: Terminal) -> Access:
    """What its person may do at this moment, but no more than a deployer: a file in a home
    directory should not be able to make people and tokens."""
    held = access_of(terminal.user)
    most = Role.DEPLOYER
    inside = {repository: min(role, most) for repository, role in held.repositories.items()}
    if held.role != Role.ADMIN:
        return Access(held.role and min(held.role, most), inside, held.private)
    hidden = Repository.objects.filter(is_private=True).order_by().values_list("pk", flat=True)
    private = frozenset(hidden)
    return Access(most, dict.fromkeys(private, most), private)


def of(person: User) -> QuerySet[Terminal]:
    """Where a person is signed in, the newest first."""
    return Terminal.objects.filter(user=person, expires_at__gt=timezone.now()).order_by("-pk")


def end(terminal: Terminal) -> None:
    """Its token is good for nothing from now on."""
    who = terminal.user.get_username()
    with transaction.atomic():
        if Terminal.objects.filter(pk=terminal.pk).delete()[0]:
            audit.note("terminal.end", who, actor=who, before={"name": terminal.name})
            # What it has open ends, and is asked anew.
            transaction.on_commit(lambda: wakeups.notify(access=True))

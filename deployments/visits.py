"""Who opens a preview keeps it: visits move its end away."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from .models import Branch, Transition, expiry
from .states import Wanted

log = structlog.get_logger(__name__)

#: A preview that many people look at is written once in this time.
_ONCE_IN = timedelta(minutes=1)
#: Somebody waits for the page: better to miss a visit than to be slow.
_PATIENCE_MS = 100
#: The columns that `note` needs.
READ = ("state", "visited_at", "expires_seconds", "expiry_warned_at", "kept_until", "pinned_at")


def note(branch: Branch) -> None:
    """Somebody opened it; the branch was read just now, with its repository.

    Never fails: where the database is not to be had, the next visit counts.
    """
    seen, now = branch.visited_at, timezone.now()
    if seen is not None and now - seen < _ONCE_IN:
        return
    try:
        with _without_waiting():
            _write(branch)
    except DatabaseError as problem:
        log.warning("visit_not_noted", branch=branch.pk, problem=str(problem))


def _write(branch: Branch) -> None:
    now = timezone.now()
    rows = Branch.objects.filter(
        Q(visited_at=None) | Q(visited_at__lte=now - _ONCE_IN),
        pk=branch.pk,
        wanted=Wanted.PRESENT,
        # Somebody may have pinned it, or pushed another `expires`, since it was read.
        pinned_at=branch.pinned_at,
        expires_seconds=branch.expires_seconds,
        kept_until=branch.kept_until,
    )
    ends = expiry.expires_at(branch, now)
    written = rows.update(visited_at=now, expires_at=ends, expiry_warned_at=None)
    if written and branch.expiry_warned_at is not None:
        # People were warned: the list's mark and the history say that it is no longer so.
        Transition.objects.create(
            branch=branch,
            before=branch.state,
            after=branch.state,
            reason="Somebody opened it: it stays for now.",
        )


@contextmanager
def _without_waiting() -> Iterator[None]:
    """Let statements wait for others' locks for as long as a visitor does not notice."""
    if connection.vendor == "sqlite":
        with _busy_timeout(), transaction.atomic():
            yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        # Only numbers of our own.
        cursor.execute(f"SET LOCAL lock_timeout = {_PATIENCE_MS}")  # nosemgrep: edaha-raw-sql
        yield


@contextmanager
def _busy_timeout() -> Iterator[None]:
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        # Only numbers of our own.
        cursor.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")  # nosemgrep: edaha-raw-sql
        try:
            yield
        finally:
            # Only numbers of our own.
            cursor.execute(f"PRAGMA busy_timeout = {int(before)}")  # nosemgrep: edaha-raw-sql

"""The outbox to GitHub: what is to be told is a row, and is told again until GitHub has it.

One messenger at a time tells the things of a repository, and only a few tell anything at once:
however ill GitHub is, no deployment waits for it. What is told is read when it is told, so that
many moves are one call, and the last one is told for certain.
"""

import secrets
import time
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import Q
from django.utils import timezone, translation

from . import homes
from .adapters import github, wakeups
from .errors import EdahaError, PlatformError
from .models import Messenger, Outgoing, Repository
from .reports.telling import NotYet, tell

log = structlog.get_logger(__name__)

_LEASE = timedelta(seconds=120)
#: One pass over a repository's things ends after so long; the next tick goes on.
_PASS_SECONDS = 15.0
_AT_ONCE = 50
#: So many tell something at the same moment, of all control workers together.
MESSENGERS = 2

_FIRST, _LONGEST = timedelta(seconds=10), timedelta(minutes=15)
#: What somebody has to mend is tried again so often.
_UNMENDED = timedelta(hours=1)
_NOT_YET = timedelta(seconds=5)
#: What could not be told for so long is given up.
KEPT = timedelta(days=3)


def put(repository: Repository, kind: str, key: str, payload: dict[str, Any] | None = None) -> None:
    """Have a thing told; within a transaction, if it belongs to one.

    A reaction's and a reply's payload say all of it, {"content": …} and {"pull": …, "body": …}.
    Nothing happens for a repository that is not on GitHub.
    """
    if not homes.is_told_of(repository):
        return
    payload = payload or {}
    lane = f"pull:{payload['pull']}" if "pull" in payload else ""
    row = Outgoing(
        repository=repository,
        kind=Outgoing.Kind(kind),
        key=key,
        payload=payload,
        lane=lane,
    )
    Outgoing.ask([row])


def waiting(now: datetime) -> list[int]:
    """Repositories with something to tell that nobody tells."""
    silent = Messenger.objects.filter(Q(lease_until__gt=now) | Q(due_at__gt=now))
    rows = Outgoing.objects.filter(done_at=None, due_at__lte=now).exclude(
        repository__in=silent.values("repository")
    )
    return sorted(set(rows.order_by().values_list("repository_id", flat=True).distinct()))


def wake_messengers(now: datetime) -> None:
    """Have the next ones told, as far as messengers are free."""
    found = waiting(now)
    if not found:
        return
    free = MESSENGERS - Messenger.objects.filter(lease_until__gt=now).count()
    for repository_id in found[: max(0, free)]:
        wakeups.wake(wakeups.TELL, repository_id, expires=5)


def deliver(repository_id: int) -> int:
    """Tell what is due of a repository; returns how much was told or found to be so."""
    messenger = _claim(repository_id)
    if messenger is None:
        return 0
    told = 0
    try:
        ends = time.monotonic() + _PASS_SECONDS
        for row in _due(repository_id):
            if time.monotonic() >= ends or not _hold(messenger):
                break
            if not _deliver_one(row, messenger):
                break
            told += 1
    finally:
        _mine(messenger).update(lease_owner="", lease_until=None)
    return told


def _claim(repository_id: int) -> Messenger | None:
    now, owner = timezone.now(), secrets.token_hex(8)
    if not Repository.objects.filter(pk=repository_id).exists():
        return None
    Messenger.objects.get_or_create(repository_id=repository_id)
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    due = Q(due_at=None) | Q(due_at__lte=now)
    rows = Messenger.objects.filter(free, due, repository_id=repository_id)
    if not rows.update(lease_owner=owner, lease_until=now + _LEASE):
        return None
    return Messenger.objects.get(repository_id=repository_id)


def _mine(messenger: Messenger) -> Any:
    return Messenger.objects.filter(pk=messenger.pk, lease_owner=messenger.lease_owner)


def _hold(messenger: Messenger) -> bool:
    return bool(_mine(messenger).update(lease_until=timezone.now() + _LEASE))


def _due(repository_id: int) -> list[Outgoing]:
    """In order; nothing overtakes what waits for its next try in the same lane."""
    now = timezone.now()
    held: set[str] = set()
    found = []
    rows = Outgoing.objects.filter(repository_id=repository_id, done_at=None)
    for row in rows.select_related("repository").order_by("id")[: 20 * _AT_ONCE]:
        if row.lane and row.lane in held:
            continue
        if row.due_at > now:
            held.add(row.lane)
        else:
            found.append(row)
    return found[:_AT_ONCE]


def _deliver_one(row: Outgoing, messenger: Messenger) -> bool:
    """False where GitHub is not to be asked anything more now."""
    # As it is now: meanwhile somebody may have asked again.
    row.refresh_from_db()
    row.repository = Repository.objects.get(pk=row.repository_id)
    asked_at = row.asked_at
    try:
        with translation.override("en"):
            is_over = tell(row)
    except NotYet:
        row.save_if(asked_at, due_at=timezone.now() + _NOT_YET)
        return True
    except github.Limited as problem:
        _postpone(row, problem)
        _mine(messenger).update(due_at=problem.until)
        return False
    except EdahaError as problem:
        return _failed(row, messenger, problem)
    except Exception:
        log.exception("telling_failed", outgoing=row.pk)
        _postpone(row, EdahaError("An error inside Edaha; the log has the details."))
        return True
    row.save_if(asked_at, done_at=timezone.now(), is_open=not is_over)
    Outgoing.objects.filter(pk=row.pk).update(problem="", hint="", attempts=0, failing_since=None)
    _mine(messenger).exclude(failures=0).update(failures=0)
    _show(row)
    return True


def _failed(row: Outgoing, messenger: Messenger, problem: EdahaError) -> bool:
    log.warning("not_told", outgoing=row.pk, kind=row.kind, problem=problem.message)
    _postpone(row, problem)
    if not _may_mend_itself(problem) or isinstance(problem, github.Conflict):
        return True
    # GitHub is ill: what else there is waits, too.
    failures = messenger.failures + 1
    _mine(messenger).update(failures=failures, due_at=timezone.now() + back_off(failures))
    return False


def _postpone(row: Outgoing, problem: EdahaError) -> None:
    now = timezone.now()
    since = row.failing_since or now
    retry = _may_mend_itself(problem)
    fields: dict[str, Any] = {
        "attempts": row.attempts + 1,
        "failing_since": since,
        "problem": problem.message,
        "hint": problem.hint,
        "due_at": now + (back_off(row.attempts + 1) if retry else _UNMENDED),
    }
    if isinstance(problem, github.Limited):
        fields["due_at"] = problem.until
    if now - since >= KEPT:
        fields |= {"done_at": now, "is_open": False}
    Outgoing.objects.filter(pk=row.pk).update(**fields)
    _show(row)


def _may_mend_itself(problem: EdahaError) -> bool:
    return isinstance(problem, PlatformError) and (
        problem.retry or isinstance(problem, github.Conflict)
    )


def back_off(attempts: int) -> timedelta:
    """How long until the next try, after so many that failed."""
    return min(_LONGEST, _FIRST * (1 << min(attempts - 1, 10)))


def _show(row: Outgoing) -> None:
    if row.branch_id is not None:
        wakeups.notify(branch=row.branch_id)

"""Branches of repositories whose host tells nobody of a push: looked at every so many seconds.

A look is one `git ls-remote`; nothing is fetched where nothing has changed. What it finds is
decided about by the same rules as a delivery.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from django.db.models import F, Q
from django.utils import timezone

from ..adapters import hosts, wakeups
from ..errors import EdahaError
from ..models import Poll, Repository
from . import refs

log = structlog.get_logger(__name__)

#: A worker that was woken up gets so long to begin.
_PATIENCE = timedelta(seconds=10)
#: And so long for a look, until another one may.
_LEASE = timedelta(minutes=3)
#: A host that does not answer is asked at least so often.
_SELDOM = timedelta(minutes=10)


def ask_due(now: datetime) -> None:
    """Have those looked at whose time it is."""
    due = Repository.objects.filter(Q(poll=None) | Q(poll__due_at__lte=now))
    for repository in due.only("clone_url", "host", "poll_seconds"):
        if hosts.poll_seconds(repository) and _claim(repository, now):
            wakeups.wake(wakeups.POLL, repository.pk, expires=_PATIENCE.total_seconds())


def poll(repository_id: int) -> None:
    """Look at one repository's branches, and have what is new decided about."""
    repository = Repository.objects.filter(pk=repository_id).first()
    seconds = hosts.poll_seconds(repository) if repository else 0
    if repository is None or not seconds:
        return
    row = Poll.objects.filter(repository=repository)
    row.update(due_at=timezone.now() + _LEASE)
    notes = _Notes()
    with notes.guarded(str(repository)):
        refs.compare(repository, notes, is_found=False)
    now, pause = timezone.now(), timedelta(seconds=seconds)
    if notes.problems:
        failures = row.values_list("failures", flat=True).first() or 0
        due = now + max(pause, min(pause * 2 ** min(failures, 10), _SELDOM))
        row.update(due_at=due, problem=notes.problems[0][:500], failures=F("failures") + 1)
    else:
        row.update(due_at=now + pause, looked_at=now, problem="", failures=0)


def _claim(repository: Repository, now: datetime) -> bool:
    soon = now + _PATIENCE
    _, is_new = Poll.objects.get_or_create(repository=repository, defaults={"due_at": soon})
    rows = Poll.objects.filter(repository=repository, due_at__lte=now)
    return is_new or bool(rows.update(due_at=soon))


class _Notes:
    """What went wrong; what was found stands in the previews' own histories."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def count(self, name: str, number: int = 1) -> None:
        pass

    def beat(self) -> None:
        pass

    def found(self, what: str, done: str) -> None:
        log.info("polled", what=what, done=done)

    def problem(self, sentence: str) -> None:
        log.warning("not_polled", problem=sentence)
        self.problems.append(sentence)

    @contextmanager
    def guarded(self, what: str) -> Iterator[None]:
        try:
            yield
        except EdahaError as problem:
            self.problem(f"{what}: {problem.message} {problem.hint}".strip())
        except Exception:
            log.exception("polling_failed", part=what)
            self.problem(f"{what}: an error inside Edaha; the workers’ log has the details.")

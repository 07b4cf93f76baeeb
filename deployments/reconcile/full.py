"""A whole pass: wanted against observed, in git, on GitHub and in AWS; one at a time."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from ..adapters import budget, wakeups
from ..config import config
from ..errors import LeaseLost
from ..models import Reconciliation, Repository
from ..pipeline.budget import prune_images
from . import aws, redelivery, refs
from .forgetting import forget
from .notebook import Notebook

#: A pass that has shown no sign of life for so long is given up.
_ALIVE = timedelta(minutes=2)
#: A worker that was woken up for a pass gets so long to begin it.
_PATIENCE = timedelta(seconds=30)

_GIVEN_UP = "Its worker ended in the middle; the next pass does the rest."


def ask(asked_by: str = "") -> Reconciliation:
    """Have a pass made soon; one that is under way, or asked for already, is returned instead."""
    while True:
        row = _open() or _create(asked_by)
        if row is not None:
            return row


def ask_if_due() -> None:
    """Ask for the next pass when it is time, and again for one that nobody has begun."""
    now = timezone.now()
    newest = Reconciliation.objects.only("started_at", "beat_at", "finished_at").first()
    is_over = newest is None or newest.finished_at or newest.beat_at < now - _ALIVE
    period = timedelta(seconds=config().reconcile_seconds)
    if newest is None or (is_over and newest.started_at <= now - period):
        ask()
    elif not is_over and newest.started_at <= now - _PATIENCE:
        _wake_again(newest)


def _wake_again(row: Reconciliation) -> None:
    now = timezone.now()
    if _unbegun().filter(pk=row.pk).update(started_at=now, beat_at=now):
        wakeups.wake(wakeups.RECONCILE, row.pk)


def reconcile(asked_by: str = "", *, remove_many: bool = False) -> Reconciliation | None:
    """Make a pass now. None where another one is alive.

    `remove_many` says that what is left over is so indeed, however much it is.
    """
    row = _open() or _create(asked_by, wake=False)
    return carry_out(row.pk, remove_many=remove_many) if row is not None else None


def carry_out(reconciliation_id: int, *, remove_many: bool = False) -> Reconciliation | None:
    """Make a pass that was asked for. None where somebody else does, or it is over."""
    now = timezone.now()
    # That it has begun is seen by a sign of life after its start.
    begun = now + timedelta(microseconds=1)
    if not _unbegun().filter(pk=reconciliation_id).update(started_at=now, beat_at=begun):
        return None
    row = Reconciliation.objects.get(pk=reconciliation_id)
    notebook = Notebook(row, remove_many=remove_many)
    try:
        with budget.in_background():
            _compare(notebook)
        notebook.close()
    except LeaseLost:
        return None
    return row


def _compare(notebook: Notebook) -> None:
    # First, so that what it brings is decided about while the rest is compared.
    redelivery.compare(notebook)
    for repository in Repository.objects.all():
        notebook.count("repositories")
        with notebook.guarded(str(repository)):
            refs.compare(repository, notebook)
            count = prune_images(repository)
            notebook.count("images beyond the budget", count)
    aws.compare(notebook)
    with notebook.guarded("Old rows are not deleted"):
        forget(notebook)


def _open() -> Reconciliation | None:
    """The pass that is asked for or under way; one that has died is given up."""
    now = timezone.now()
    dead = Reconciliation.objects.filter(finished_at=None, beat_at__lt=now - _ALIVE)
    for row in dead:
        dead.filter(pk=row.pk).update(finished_at=now, problems=[*row.problems, _GIVEN_UP])
    return Reconciliation.objects.filter(finished_at=None).first()


def _unbegun() -> QuerySet[Reconciliation]:
    return Reconciliation.objects.filter(finished_at=None, beat_at=F("started_at"))


def _create(asked_by: str, *, wake: bool = True) -> Reconciliation | None:
    """None where somebody else was faster: the database lets only one be open."""
    now = timezone.now()
    try:
        with transaction.atomic():
            row = Reconciliation.objects.create(asked_by=asked_by, started_at=now, beat_at=now)
    except IntegrityError:
        return None
    if wake:
        wakeups.wake(wakeups.RECONCILE, row.pk)
    return row

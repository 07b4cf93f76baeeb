"""What nobody looks at any more leaves the database: old deliveries and old logs.

Once a day, a part at a time, so that no statement holds the database up for long.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from ..config import config
from ..models import (
    BuildStep,
    Command,
    Delivery,
    Deployment,
    ImageSet,
    LogChunk,
    Notice,
    Orphan,
    Outgoing,
    Pulse,
    Reconciliation,
)
from .notebook import Notebook

_EVERY = timedelta(days=1)
#: Rows that one statement deletes.
_AT_ONCE = 500
#: Passes are many, and soon of no interest.
_PASSES_KEPT = timedelta(days=14)


def forget(notebook: Notebook) -> None:
    """Delete what is older than `keep_days`; a branch's newest deployment keeps its log."""
    now = timezone.now()
    if not Pulse.is_time_to_ask(Pulse.Part.FORGET, now, _EVERY):
        return
    passes = now - _PASSES_KEPT
    _delete(Reconciliation.objects.filter(finished_at__lt=passes), notebook)
    _delete(Orphan.objects.filter(removed_at__lt=passes), notebook)
    # What was handed over and is of no preview: from then on its images stand for nothing.
    _delete(ImageSet.objects.filter(created_at__lt=passes, deployments=None), notebook)
    before = now - timedelta(days=config().keep_days)
    _delete(Delivery.objects.filter(decided_at__lt=before), notebook)
    # Also those that never came to an end: a command whose delivery was given up, a notice whose
    # subscription somebody has turned off.
    _delete(Command.objects.filter(created_at__lt=before), notebook)
    _delete(Notice.objects.filter(at__lt=before), notebook)
    # Should it be told of again, it is found again at GitHub.
    _delete(Outgoing.objects.filter(done_at__lt=before), notebook)
    for deployment in _over(before).iterator():
        for kind in (LogChunk, BuildStep):
            _delete(kind.objects.filter(deployment=deployment), notebook)


def _over(before: datetime) -> QuerySet[Deployment]:
    chunks = LogChunk.objects.filter(deployment=OuterRef("pk"))
    is_shown = Q(branch__deployment=F("pk")) | Q(branch__live=F("pk"))
    return Deployment.objects.filter(
        Exists(chunks), finished_at__lt=before, cleaned_at__isnull=False
    ).exclude(is_shown)


def _delete(rows: QuerySet[Model], notebook: Notebook) -> None:
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]):
        notebook.beat()
        rows.model._default_manager.filter(pk__in=keys).delete()

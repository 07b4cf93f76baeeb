"""Celery's entry points: an id comes in, the domain does the rest."""

from celery import shared_task

from . import deliveries, reconcile
from .adapters import wakeups
from .pipeline import build as _build
from .pipeline import clean as _clean
from .pipeline import release as _release
from .pipeline import verify as _verify


@shared_task(name=wakeups.DECIDE)
def decide() -> None:
    deliveries.decide_pending()


@shared_task(name=wakeups.BUILD)
def build(deployment_id: int) -> None:
    _build.build(deployment_id)


@shared_task(name=wakeups.RELEASE)
def release(deployment_id: int) -> None:
    _release.release(deployment_id)


@shared_task(name=wakeups.WATCH)
def watch() -> None:
    _verify.watch()


@shared_task(name=wakeups.CLEAN)
def clean(deployment_id: int) -> None:
    _clean.clean(deployment_id)


@shared_task(name=wakeups.DESTROY)
def destroy(branch_id: int) -> None:
    _clean.destroy(branch_id)


@shared_task(name=wakeups.TICK)
def tick() -> None:
    reconcile.tick()


@shared_task(name=wakeups.RECONCILE)
def run_reconciliation(reconciliation_id: int | None = None) -> None:
    if reconciliation_id is None:
        reconcile.reconcile()
    else:
        reconcile.carry_out(reconciliation_id)

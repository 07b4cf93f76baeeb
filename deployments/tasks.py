"""Celery's entry points: an id comes in, the domain does the rest."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from . import deliveries, outbox, reconcile, subscribers
from .adapters import wakeups
from .models import Pulse
from .pipeline import build as _build
from .pipeline import clean as _clean
from .pipeline import picture as _picture
from .pipeline import release as _release
from .pipeline import tidy as _tidy
from .pipeline import verify as _verify
from .states import TIMEOUTS, DeploymentState


@shared_task(name=wakeups.DECIDE)
def decide() -> None:
    deliveries.decide_pending()


#: A build that hangs in spite of all its own time-outs is killed with its process.
_BUILD_SECONDS = TIMEOUTS[DeploymentState.BUILDING] // timedelta(seconds=1) + 300


@shared_task(name=wakeups.BUILD, time_limit=_BUILD_SECONDS)
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


@shared_task(name=wakeups.PICTURE)
def picture(deployment_id: int) -> None:
    _picture.take(deployment_id)


@shared_task(name=wakeups.TIDY)
def tidy() -> None:
    _tidy.tidy()


@shared_task(name=wakeups.TELL)
def tell(repository_id: int) -> None:
    outbox.deliver(repository_id)


@shared_task(name=wakeups.NOTIFY)
def notify(subscription_id: int) -> None:
    subscribers.deliver(subscription_id)


@shared_task(name=wakeups.TICK)
def tick() -> None:
    reconcile.tick()


@shared_task(name=wakeups.SHOW_BUILD)
def show_build() -> None:
    Pulse.show(Pulse.Part.BUILD, timezone.now())


@shared_task(name=wakeups.RECONCILE)
def run_reconciliation(reconciliation_id: int | None = None) -> None:
    if reconciliation_id is None:
        reconcile.reconcile()
    else:
        reconcile.carry_out(reconciliation_id)


@shared_task(name=wakeups.POLL)
def poll(repository_id: int) -> None:
    reconcile.poll(repository_id)

"""Old deliveries and logs leave the database; what people still look at stays."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from deployments.config import config
from deployments.models import (
    Branch,
    Command,
    Delivery,
    Deployment,
    LogChunk,
    Notice,
    Orphan,
    Pulse,
    Reconciliation,
    Subscription,
)
from deployments.reconcile import forgetting
from deployments.reconcile.forgetting import forget
from deployments.reconcile.notebook import Notebook
from deployments.states import DeploymentState

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "_AT_ONCE", 2)


def _old(days: int = 1) -> datetime:
    return timezone.now() - timedelta(days=config().keep_days + days)


def _deployment(branch: Branch, generation: int, **values: object) -> Deployment:
    deployment = Deployment.objects.create(
        branch=branch,
        generation=generation,
        commit="a" * 40,
        trigger="push",
        **{"state": DeploymentState.RETIRED, "finished_at": _old(), "cleaned_at": _old()} | values,
    )
    LogChunk.objects.create(deployment=deployment, first=1, lines=[[0, 0, "said"]])
    return deployment


@pytest.fixture
def branch(db: None, repository: object) -> Branch:
    return Branch.for_name(repository, "main")  # type: ignore[arg-type]


def _with_log() -> set[int]:
    return set(LogChunk.objects.values_list("deployment__generation", flat=True))


def test_old_logs_go_and_what_is_shown_or_under_way_stays(
    branch: Branch, notebook: Notebook
) -> None:
    for generation in (1, 2, 3):
        _deployment(branch, generation)
    live = _deployment(branch, 4, state=DeploymentState.LIVE)
    _deployment(branch, 5, cleaned_at=None)
    _deployment(branch, 6, finished_at=timezone.now())
    newest = _deployment(branch, 7, state=DeploymentState.FAILED)
    Branch.objects.update(live=live, deployment=newest)
    forget(notebook)
    assert _with_log() == {4, 5, 6, 7}
    # What it was stays known, only not what it said.
    assert branch.deployments.count() == 7


def test_old_deliveries_go_and_those_that_wait_stay(notebook: Notebook) -> None:
    for guid, decided_at in (("1", _old()), ("2", _old(9)), ("3", _old()), ("4", timezone.now())):
        _delivery(guid, state="decided", decided_at=decided_at)
    _delivery("5", received_at=_old())
    forget(notebook)
    assert set(Delivery.objects.values_list("guid", flat=True)) == {"4", "5"}


def _delivery(guid: str, **values: object) -> None:
    Delivery.objects.create(
        **{"guid": guid, "event": "push", "payload": b"{}", "key_id": "x"}
        | {"received_at": timezone.now()}
        | values
    )


def test_passes_and_removed_orphans_go_sooner(notebook: Notebook) -> None:
    then = timezone.now() - 15 * DAY
    for arn, removed_at in (("a", then), ("b", None)):
        Orphan.objects.create(
            arn=arn, kind="ecs_service", first_seen_at=then, removed_at=removed_at
        )
    Reconciliation.objects.create(started_at=then, beat_at=then, finished_at=then)
    forget(notebook)
    assert Reconciliation.objects.count() == 1
    assert Orphan.objects.get().arn == "b"


def test_what_never_came_to_an_end_goes_too(branch: Branch, notebook: Notebook) -> None:
    subscription = Subscription.objects.create(name="hook", is_enabled=False)
    for number, at in ((1, _old()), (2, timezone.now())):
        Notice.objects.create(subscription=subscription, event=f"preview.{number}", at=at)
        row = Command.objects.create(
            repository=branch.repository, comment=number, pull_request=5, author="mona"
        )
        Command.objects.filter(pk=row.pk).update(created_at=at)
    forget(notebook)
    assert list(Notice.objects.values_list("event", flat=True)) == ["preview.2"]
    assert list(Command.objects.values_list("comment", flat=True)) == [2]


def test_it_happens_once_a_day(notebook: Notebook) -> None:
    forget(notebook)
    _delivery("1", state="decided", decided_at=_old())
    forget(notebook)
    assert Delivery.objects.exists()
    Pulse.objects.update(asked_at=timezone.now() - DAY)
    forget(notebook)
    assert not Delivery.objects.exists()

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dashboard import health
from deployments.config import config
from deployments.models import Branch, Delivery, Deployment, Pulse, Reconciliation, Repository
from deployments.states import DeploymentState


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_ask_redis", lambda: None)


@pytest.fixture
def at_work(db: None) -> None:
    """All parts have just shown that they work."""
    for part in (Pulse.Part.CONTROL, Pulse.Part.BUILD):
        Pulse.show(part, timezone.now())


def _deployment(**values: object) -> Deployment:
    repository = Repository.objects.create(full_name="acme/shop", clone_url="https://x/y.git")
    branch = Branch.for_name(repository, "main")
    return Deployment.objects.create(
        branch=branch, generation=1, commit="a" * 40, trigger="push", **values
    )


def _illness(name: str) -> str:
    """What `/readyz?all` says of one part; all others are well."""
    response = Client().get("/readyz?all")
    said = response.json()
    problem: str = said.pop(name)
    assert set(said.values()) == {"ok"}
    assert response.status_code == (200 if problem == "ok" else 503)
    # Pages must stay where people can see what is wrong.
    assert Client().get("/readyz").status_code == 200
    return problem


def test_a_process_that_answers_is_healthy_without_asking_anybody(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = Client().get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_ready_means_that_database_and_redis_answer(at_work: None, redis: None) -> None:
    response = Client().get("/readyz")
    assert response.status_code == 200
    assert response.json() == dict.fromkeys(
        ["database", "redis", "control", "build", "deliveries", "rollouts", "reconciler"], "ok"
    )
    assert "no-store" in response["Cache-Control"]


def test_a_redis_that_does_not_answer_is_named(db: None) -> None:
    response = Client().get("/readyz")  # tests have no Redis: nothing listens at its address
    assert response.status_code == 503
    assert response.json() == {"database": "ok", "redis": "unreachable"}


def test_a_database_that_does_not_answer_is_named(
    db: None, redis: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("password authentication failed for user edaha")

    monkeypatch.setattr(health, "_ask_database", away)
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": "unreachable", "redis": "ok"}
    assert b"password" not in response.content


def test_a_clock_that_nobody_hears_is_told(at_work: None, redis: None) -> None:
    Pulse.objects.filter(part="control").update(at=timezone.now() - timedelta(minutes=1))
    assert "No control worker hears the clock" in _illness("control")


def test_a_build_worker_that_is_alive_and_takes_no_work_is_told(at_work: None, redis: None) -> None:
    Pulse.objects.filter(part="build").update(at=timezone.now() - timedelta(minutes=2))
    assert "No build worker takes work" in _illness("build")


@pytest.mark.parametrize(("lease", "is_well"), [(20, True), (-1, False)])
def test_build_workers_that_are_all_busy_are_well_while_their_builds_show_life(
    at_work: None, redis: None, lease: int, is_well: bool
) -> None:
    Pulse.objects.filter(part="build").update(at=timezone.now() - timedelta(minutes=20))
    until = timezone.now() + timedelta(seconds=lease)
    _deployment(state=DeploymentState.BUILDING, lease_owner="a", lease_until=until)
    assert (_illness("build") == "ok") == is_well


def test_deliveries_that_nobody_decides_about_are_told(at_work: None, redis: None) -> None:
    received = timezone.now() - timedelta(minutes=3)
    delivery = Delivery.objects.create(
        guid="1", event="push", payload=b"{}", key_id="x", received_at=received
    )
    assert "Deliveries wait" in _illness("deliveries")
    # One that could not be decided about yet has its own time-out, and its words.
    Delivery.objects.filter(pk=delivery.pk).update(attempts=1)
    assert _illness("deliveries") == "ok"


def test_rollouts_that_nobody_looks_at_are_told(at_work: None, redis: None) -> None:
    due = timezone.now() - timedelta(minutes=4)
    deployment = _deployment(state=DeploymentState.VERIFYING, due_at=due)
    assert "Rollouts are not looked at" in _illness("rollouts")
    Deployment.objects.filter(pk=deployment.pk).update(lease_until=timezone.now() + timedelta(0, 9))
    assert _illness("rollouts") == "ok"


def test_a_reconciler_that_never_comes_to_an_end_is_told(at_work: None, redis: None) -> None:
    long_ago = timezone.now() - timedelta(seconds=4 * config().reconcile_seconds)
    passed = Reconciliation.objects.create(started_at=long_ago, beat_at=timezone.now())
    assert "Nothing was compared" in _illness("reconciler")
    passed.finished_at = timezone.now()
    passed.save()
    assert _illness("reconciler") == "ok"

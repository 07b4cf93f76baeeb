"""A lease is kept while its step works, and nothing reaches AWS without it."""

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from deployments.adapters import aws, ecs
from deployments.errors import LeaseLost
from deployments.models import Branch, Deployment, heartbeat
from deployments.models.heartbeat import Heartbeat
from deployments.models.lease import SECONDS, Lease
from deployments.states import TIMEOUTS, DeploymentState

from .cloud import Cloud
from .test_concurrency import lease_in, wish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "EVERY", 0.01)


@pytest.fixture
def lease(branch: Branch) -> Lease:
    return lease_in(wish(branch), DeploymentState.BUILDING)


def _let_run_out(lease: Lease) -> None:
    Deployment.objects.filter(pk=lease.deployment.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
    lease.deployment.lease_until = timezone.now() - timedelta(seconds=1)


def _wait_for(happened: threading.Event) -> bool:
    return happened.wait(timeout=10)


def test_a_step_that_takes_long_keeps_its_lease(lease: Lease, quick: None) -> None:
    _let_run_out(lease)
    extended = threading.Event()
    extend = lease.extend

    def tell() -> None:
        extend()
        extended.set()

    lease.extend = tell  # type: ignore[method-assign]
    with Heartbeat(lease):
        assert _wait_for(extended)
    row = Deployment.objects.get()
    assert row.lease_until is not None
    assert row.lease_until > timezone.now() + timedelta(seconds=SECONDS - 10)


def test_a_step_that_is_over_its_time_loses_it(lease: Lease, quick: None) -> None:
    _let_run_out(lease)
    lease.deployment.state_changed_at -= TIMEOUTS[DeploymentState.BUILDING]
    with Heartbeat(lease) as beating:
        beating._thread.join(timeout=10)
        assert not beating._thread.is_alive()
    assert Lease.claim(lease.deployment.pk, {DeploymentState.BUILDING}) is not None


def test_a_database_that_is_away_for_a_moment_ends_no_heartbeat(lease: Lease, quick: None) -> None:
    beats: list[int] = []
    goes_on = threading.Event()

    def falter() -> None:
        beats.append(1)
        if len(beats) == 1:
            raise OperationalError("the server closed the connection")
        goes_on.set()

    lease.extend = falter  # type: ignore[method-assign]
    with Heartbeat(lease):
        assert _wait_for(goes_on)


@pytest.mark.parametrize("how", ["its time ran out", "somebody else took it"])
def test_whoever_lost_a_lease_changes_nothing_in_aws(lease: Lease, cloud: Cloud, how: str) -> None:
    with aws.fenced(lease.check_held):
        _register()
    if how == "its time ran out":
        _let_run_out(lease)
    else:
        Deployment.objects.update(lease_owner="somebody else")
    with aws.fenced(lease.check_held), pytest.raises(LeaseLost):
        _register()
    assert cloud.count("ecs.RegisterTaskDefinition") == 1


def test_whoever_lost_a_lease_may_still_look(lease: Lease, cloud: Cloud) -> None:
    _let_run_out(lease)
    with aws.fenced(lease.check_held):
        assert ecs.describe_services("default", ["edaha-x-1-1"]) == {}


def test_a_thread_without_a_database_goes_by_the_clock(lease: Lease, cloud: Cloud) -> None:
    with aws.fenced(lease.check_not_run_out):
        _register()
    _let_run_out(lease)
    with aws.fenced(lease.check_not_run_out), pytest.raises(LeaseLost):
        _register()


def _register() -> None:
    container = {"name": "app", "image": "app", "memory": 64}
    ecs.register_task_definition({"family": "edaha-x-1", "containerDefinitions": [container]})

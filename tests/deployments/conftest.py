from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import httpx
import pytest
import time_machine
from botocore.retries.standard import ExponentialBackoff
from hypothesis import HealthCheck, settings
from moto import mock_aws

from deployments import adapters
from deployments.adapters import preview, wakeups
from deployments.models import Branch, Repository

from .cloud import Cloud, Switch, furnish
from .ears import Ears
from .world import FakeBuildx, Origin, Router, World, forget

settings.register_profile(
    "edaha", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("edaha")


@pytest.fixture(autouse=True)
def ears(monkeypatch: pytest.MonkeyPatch) -> Ears:
    """Hears every wake-up and every notification, in Redis's place."""
    listening = Ears()
    monkeypatch.setattr(wakeups, "current_app", listening)
    monkeypatch.setattr(wakeups, "_client", lambda: listening)
    return listening


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """What a process knows of AWS is not true of the next test's AWS."""
    yield
    forget()


@pytest.fixture
def repository(db: None) -> Repository:
    return Repository.objects.create(
        full_name="acme/shop", clone_url="/nowhere", port=8000, policy=Repository.Policy.ALL
    )


@pytest.fixture
def branch(repository: Repository) -> Branch:
    return Branch.for_name(repository, "feature/x")


@pytest.fixture(scope="package")
def _account() -> Iterator[Cloud]:
    """An AWS account as an operator prepares it; other packages' tests begin with none."""
    with mock_aws():
        yield Cloud(subnet=furnish())


@pytest.fixture(scope="session")
def _switch() -> Switch:
    return _one_switch()


@cache
def _one_switch() -> Switch:
    # One for the process, whatever packages of tests take their fixtures from here.
    return Switch()


@pytest.fixture
def cloud(_account: Cloud, _switch: Switch, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    # botocore's retries are real; only their waiting is not.
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    _switch.cloud = replace(_account)
    _switch.cloud.clear()
    yield _switch.cloud
    _switch.cloud = None


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing came as far as AWS here."""
    monkeypatch.setattr(adapters.ecs, "task_definitions", lambda family: [])
    monkeypatch.setattr(adapters.ecr, "delete_images", lambda *_, **__: None)


@pytest.fixture
def buildx(monkeypatch: pytest.MonkeyPatch) -> FakeBuildx:
    fake = FakeBuildx()
    monkeypatch.setattr(adapters.buildx, "build", fake.build)
    monkeypatch.setattr(adapters.buildx, "inspect", fake.inspect)
    monkeypatch.setattr(adapters.buildx, "export_cache", fake.nothing)
    monkeypatch.setattr(adapters.buildx, "remove_local", fake.nothing)
    return fake


@pytest.fixture
def router(monkeypatch: pytest.MonkeyPatch) -> Router:
    """Answers as the preview would."""
    fake = Router()
    client = httpx.Client(transport=httpx.MockTransport(fake))
    monkeypatch.setattr(preview, "_client", lambda: client)
    return fake


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "origin")


@pytest.fixture
def world(
    transactional_db: None,
    cloud: Cloud,
    ears: Ears,
    buildx: FakeBuildx,
    router: Router,
    origin: Origin,
) -> Iterator[World]:
    with time_machine.travel(datetime(2026, 11, 23, tzinfo=UTC), tick=False) as clock:
        yield World(cloud, ears, clock, origin)

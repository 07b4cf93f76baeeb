from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from deployments.adapters import cloudmap, ecr, logs, preview, wakeups
from deployments.models import Branch, Repository
from deployments.pipeline import build

from .ears import Ears

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
    preview._client.cache_clear()


def forget() -> None:
    for memory in (cloudmap._namespaces, ecr._known, logs._known, build._preflight_passed):
        memory.clear()


@pytest.fixture
def repository(db: None) -> Repository:
    return Repository.objects.create(
        full_name="acme/shop", clone_url="/nowhere", port=8000, policy=Repository.Policy.ALL
    )


@pytest.fixture
def branch(repository: Repository) -> Branch:
    return Branch.for_name(repository, "feature/x")

from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest
import time_machine
from django.utils import timezone

from deployments import outbox
from deployments.adapters import reporting
from deployments.adapters.github import limits, tokens, wire
from deployments.models import Branch, Repository
from tests.deployments.conftest import ears
from tests.deployments.ears import Ears
from tests.reconcile.test_github import configured

from .hub import SHOP, Hub

__all__ = ["Ears", "ears"]


class Clock(limits.Clock):
    """Waiting for GitHub's sake takes no time."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """GitHub, known by a token."""
    hub = Hub()
    _forget()
    client = httpx.Client(transport=httpx.MockTransport(hub.handle))
    monkeypatch.setattr(wire, "client", lambda: client)
    monkeypatch.setattr(limits, "clock", Clock())
    with configured(github_token="t0ken", base_url="https://edaha.example.com"):
        yield hub
    client.close()
    _forget()


@pytest.fixture
def app(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The same for check runs, as if an App were installed."""
    monkeypatch.setattr(reporting, "has_app", lambda _: True)
    return hub


@pytest.fixture
def shop(db: None) -> Repository:
    return Repository.objects.create(
        full_name=SHOP, clone_url=f"https://github.com/{SHOP}.git", policy=Repository.Policy.ALL
    )


@pytest.fixture
def branch(shop: Repository) -> Branch:
    branch = Branch.for_name(shop, "feature/x")
    branch.pull_request = 5
    branch.save()
    return branch


@pytest.fixture
def later() -> Iterator[Callable[..., None]]:
    """Deliver at a later time: `later(minutes=20)`; without, until nothing is due."""
    moved = timedelta(0)

    def deliver(**by: float) -> None:
        nonlocal moved
        moved += timedelta(**by)
        with time_machine.travel(timezone.now() + moved, tick=True):
            for repository in outbox.waiting(timezone.now()):
                outbox.deliver(repository)

    yield deliver


def _forget() -> None:
    limits.forget()
    tokens.forget()
    reporting._logins.clear()

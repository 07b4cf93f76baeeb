from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.test import override_settings

from deployments.adapters.github import hooks, limits, pulls, tokens, wire
from deployments.models import Repository

from .hub import Hub, private_key


class Clock(limits.Clock):
    """Waiting takes no time, and is remembered."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.seconds += seconds


def configured(**more: Any) -> override_settings:
    return override_settings(EDAHA=settings.EDAHA.model_copy(update=more))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(limits, "clock", made)
    return made


@pytest.fixture
def hub(db: None, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    made = Hub()
    client = httpx.Client(transport=httpx.MockTransport(made.handle))
    monkeypatch.setattr(wire, "client", lambda: client)
    for part in (hooks, limits, pulls, tokens):
        part.forget()
    with configured(github_app_id="4711", github_app_private_key=private_key()):
        yield made
    for part in (hooks, limits, pulls, tokens):
        part.forget()


@pytest.fixture
def shop(db: None) -> Repository:
    return Repository.objects.create(
        full_name="acme/shop", clone_url="https://github.com/acme/shop.git"
    )

"""Callers of the API with tokens of each role; nothing is told to Redis."""

from json import dumps
from typing import Any

import pytest
from django.test import Client

from deployments.adapters import wakeups
from deployments.models import ApiToken

NOTHING = object()


class Caller:
    def __init__(self, role: str) -> None:
        self.token = ApiToken.issue(f"a {role}", role)
        self._client = Client()

    def __call__(
        self, method: str, path: str, *, json: Any = NOTHING, headers: dict[str, str] | None = None
    ) -> Any:
        """`json` is sent as it is if it is a text: it need not be valid."""
        body = "" if json is NOTHING else json if isinstance(json, str) else dumps(json)
        return self._client.generic(
            method,
            f"/api/v1{path}",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token}"} | (headers or {}),
        )


@pytest.fixture(autouse=True)
def _deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeups, "wake", lambda *_, **__: None)
    monkeypatch.setattr(wakeups, "notify", lambda **_: None)


@pytest.fixture
def viewer(db: None) -> Caller:
    return Caller("viewer")


@pytest.fixture
def deployer(db: None) -> Caller:
    return Caller("deployer")

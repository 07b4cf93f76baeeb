from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import serialization
from pytest_django import Settings

from deployments.adapters.github import hooks, limits, permissions, pulls, tokens
from deployments.models import Repository
from tests.github.fake import Fake, Installation, State, running
from tests.github_app.conftest import Clock
from tests.github_app.hub import private_key, public_key


@pytest.fixture
def github_fake(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """A GitHub that is talked to over HTTP; at its end, every request has to have been valid."""
    pem = public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    state = State("4711", pem.decode(), personal_token="ghp_of_a_person")
    state.installations["acme/shop"] = Installation(11, dict(permissions.NEEDED))
    monkeypatch.setattr(limits, "clock", Clock())
    with running(Fake(state)) as fake:
        settings.EDAHA = settings.EDAHA.model_copy(
            update={
                "github_api_url": fake.url,
                "github_app_id": "4711",
                "github_app_private_key": private_key(),
            }
        )
        _forget()
        yield fake
        _forget()
    assert fake.violations == []


@pytest.fixture
def as_person(github_fake: Fake, settings: Settings) -> None:
    """By a token instead of the App."""
    settings.EDAHA = settings.EDAHA.model_copy(
        update={
            "github_app_id": "",
            "github_app_private_key": "",
            "github_token": "ghp_of_a_person",
        }
    )


@pytest.fixture
def shop(db: None) -> Repository:
    return Repository.objects.create(
        full_name="acme/shop", clone_url="https://github.com/acme/shop.git"
    )


def _forget() -> None:
    for part in (hooks, limits, pulls, tokens):
        part.forget()

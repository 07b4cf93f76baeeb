"""The product as a fake of GitHub meets it: its settings, its client, and nothing remembered."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.test import override_settings

from deployments.adapters import reporting
from deployments.adapters.github import hooks, limits, permissions, pulls, tokens, wire

from .fake import Fake, Installation, State, Transport

SHOP = "acme/shop"
TOKEN = "ghp_of_a_person"


class Clock(limits.Clock):
    """Waiting takes no time, and is remembered."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.seconds

    def time(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.seconds += seconds


@cache
def private_key() -> str:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


@cache
def public_key() -> str:
    key = serialization.load_pem_private_key(private_key().encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return public.decode()


def a_fake(url: str = "https://api.github.com") -> Fake:
    """The App 4711 is installed for acme/shop, and there is a person's token."""
    state = State("4711", public_key(), personal_token=TOKEN)
    state.installations[SHOP] = Installation(11, dict(permissions.NEEDED))
    return Fake(state, url)


def configured(**more: Any) -> override_settings:
    return override_settings(EDAHA=settings.EDAHA.model_copy(update=more))


def as_app(**more: Any) -> override_settings:
    return configured(github_app_id="4711", github_app_private_key=private_key(), **more)


def as_person(**more: Any) -> override_settings:
    return configured(github_app_id="", github_app_private_key="", github_token=TOKEN, **more)


def forget() -> None:
    """As a new process begins."""
    for part in (hooks, limits, pulls, tokens):
        part.forget()
    reporting.forget()


@contextmanager
def connected(fake: Fake) -> Iterator[Clock]:
    """The product's requests go to the fake, in this process; the clock of its waits."""
    clock, made = Clock(), wire.client()
    headers, timeout = made.headers, made.timeout
    with (
        httpx.Client(transport=Transport(fake), headers=headers, timeout=timeout) as client,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(wire, "client", lambda: client)
        patch.setattr(limits, "clock", clock)
        forget()
        yield clock
        forget()


@contextmanager
def checked(fake: Fake) -> Iterator[Fake]:
    """At the end, every request has to have been one that GitHub takes."""
    yield fake
    assert fake.violations == []

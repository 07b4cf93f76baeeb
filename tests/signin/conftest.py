"""Identity providers as real HTTP servers, and Edaha set to trust them."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings
from django.test import Client
from oidc_provider_mock import run_server_in_thread

from dashboard.signin import configuring
from deployments.config import Config
from deployments.signing_in import OidcProvider
from tests.dashboard.conftest import _redis_socket, browser, dashboard, redis_server, woken

__all__ = ["_redis_socket", "browser", "dashboard", "redis_server", "woken"]

Use = Callable[..., None]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Change the installation's settings; what allauth is told follows them."""

    def change(**values: Any) -> None:
        known = settings.EDAHA.model_dump() | values
        # Checked as they are at the start of a process.
        changed = Config(**known)
        monkeypatch.setattr(settings, "EDAHA", changed)
        providers = configuring.providers(changed)
        monkeypatch.setattr(settings, "SOCIALACCOUNT_PROVIDERS", providers)

    return change


class Issuer:
    """One provider, at which everybody may become whoever they like."""

    def __init__(self, port: int) -> None:
        self.url = f"http://localhost:{port}"

    def setting(self, id_: str = "okta", **more: Any) -> OidcProvider:
        return OidcProvider(
            id=id_, name=id_, issuer=self.url, client_id="edaha", client_secret="s", **more
        )

    def tell(self, sub: str, **claims: Any) -> None:
        httpx.put(f"{self.url}/users/{sub}", json=claims).raise_for_status()

    def sign_in(self, client: Client, sub: str, id_: str = "okta", process: str = "login") -> Any:
        """The answer to the way back from the provider."""
        began = client.post(f"/sign-in/oidc/{id_}?process={process}")
        assert began.status_code == 302, began.content
        answer = httpx.post(began["Location"], data={"sub": sub})
        back = urlsplit(answer.headers["Location"])
        return client.get(f"{back.path}?{back.query}")


@pytest.fixture(scope="session")
def _issuers() -> Iterator[list[Issuer]]:
    with run_server_in_thread() as first, run_server_in_thread() as second:
        yield [Issuer(first.server_port), Issuer(second.server_port)]


@pytest.fixture
def issuer(_issuers: list[Issuer]) -> Issuer:
    return _issuers[0]


@pytest.fixture
def other_issuer(_issuers: list[Issuer]) -> Issuer:
    return _issuers[1]

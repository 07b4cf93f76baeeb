"""What allauth is told of identity providers. Read by the settings, before Django is up."""

from typing import Any
from urllib.parse import urlsplit

from deployments.config import Config
from deployments.signing_in import OidcProvider

GITHUB = "https://github.com"


def providers(config: Config) -> dict[str, Any]:
    """Django's SOCIALACCOUNT_PROVIDERS."""
    return {
        "openid_connect": {
            "provider_class": "dashboard.signin.provider.IssuerProvider",
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [oidc_app(provider) for provider in config.oidc_providers],
        },
        "github": _github(config),
    }


def oidc_app(provider: OidcProvider) -> dict[str, Any]:
    return {
        "provider_id": provider.id,
        "name": provider.name,
        "client_id": provider.client_id,
        "secret": provider.client_secret,
        "settings": {
            "server_url": provider.issuer.rstrip("/"),
            "issuer": provider.issuer,
            "scope": ["openid", "profile", "email", *provider.scopes],
            "oauth_pkce_enabled": True,
        },
    }


def _github(config: Config) -> dict[str, Any]:
    app = {"client_id": config.github_client_id, "secret": config.github_client_secret}
    github: dict[str, Any] = {
        "OAUTH_PKCE_ENABLED": True,
        "SCOPE": ["read:user", "user:email", "read:org"],
        "APPS": [{"name": "GitHub", **app}] if config.github_client_id else [],
    }
    if config.github_url != GITHUB:
        github["GITHUB_URL"] = config.github_url
    return github


def origins(config: Config) -> list[str]:
    """Where a form on the sign-in page leads to."""
    addresses = [provider.issuer for provider in config.oidc_providers]
    if config.github_client_id:
        addresses.append(config.github_url)
    parts = [urlsplit(address) for address in addresses]
    return sorted({f"{part.scheme}://{part.netloc}" for part in parts})

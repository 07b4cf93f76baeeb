"""Whether previews and the dashboard share cookies: then strangers' code could attack people here.

Browsers let a page set cookies for every name up to its registrable domain. Which part of a name
that is, the Public Suffix List says (https://publicsuffix.org): it comes with a package, so that
nothing is asked of the network.
"""

from collections.abc import Sequence
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from publicsuffixlist import PublicSuffixList

from deployments.config import config

TAG = "edaha"
_HINT = (
    "Previews run code that nobody has reviewed; there it could set cookies for the dashboard and "
    "sign people in as somebody else. Give previews a registrable domain of their own, such as "
    "previews.example.net for a dashboard at edaha.example.com: set EDAHA_PREVIEW_DOMAIN, for the "
    "router as well, and see docs/protected-previews.md."
)


def check_domains(
    app_configs: Sequence[AppConfig] | None = None, **_: Any
) -> list[checks.CheckMessage]:
    """An error where a preview could reach the dashboard's cookies."""
    base, domain = urlsplit(config().base_url), config().preview_domain
    is_for_real = base.scheme == "https" or not settings.DEBUG
    host = (base.hostname or "").rstrip(".")
    if not is_for_real or not shares_cookies(host, domain) or _is_this_machine(host, domain):
        return []
    said = f"EDAHA_PREVIEW_DOMAIN {domain} shares cookies with the dashboard at {host}."
    return [checks.Error(said, hint=_HINT, id="edaha.E001")]


def shares_cookies(host: str, domain: str) -> bool:
    """Whether a page below `domain` and one at `host` may set cookies for each other."""
    lies_below = f".{host}".endswith(f".{domain}")
    return lies_below or registrable(host) == registrable(domain)


@cache
def registrable(name: str) -> str:
    """The widest domain that a page at `name` may set cookies for."""
    try:
        return str(ip_address(name))
    except ValueError:
        # A name that is a public suffix by itself shares cookies with nobody.
        return _list().privatesuffix(name) or name


def isolates_previews(domain: str) -> bool:
    """Whether browsers keep previews below it from setting cookies for each other."""
    return bool(_list().publicsuffix(domain) == domain)


def _is_this_machine(host: str, domain: str) -> bool:
    """The sandbox: browsers take no cookies for `localhost` and all below it."""
    return domain == "localhost" and host == "localhost"


@cache
def _list() -> PublicSuffixList:
    return PublicSuffixList()

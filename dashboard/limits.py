"""How often something may be asked for in a minute, counted over all processes."""

import hashlib
import time
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from django.core.cache import cache
from django.http import HttpRequest

from deployments.config import config

_MINUTE = 60


def wait_after(kind: str, who: str, most: int) -> int:
    """Count one more; the seconds to wait if that was too many, else 0. `most` 0 is no limit."""
    if not most:
        return 0
    now = time.time()
    mark = hashlib.sha256(who.encode()).hexdigest()[:32]
    key = f"limit:{kind}:{mark}:{int(now // _MINUTE)}"
    try:
        count = 1 if cache.add(key, 1, 2 * _MINUTE) else cache.incr(key)
    except ValueError:  # Redis came back, or went away, between the two.
        return 0
    return _MINUTE - int(now % _MINUTE) if count > most else 0


def wait_after_refusal(kind: str, address: str) -> int:
    """Count a request of an address that was refused, or that nobody has to be known for."""
    return wait_after(kind, _network(address), config().refusals_per_minute)


def wait_of_token(token: int | str) -> int:
    """Count a request of an API token: its id, or what tells it from all others."""
    return wait_after("token", str(token), config().api_requests_per_minute)


def address_of(request: HttpRequest) -> str:
    forwarded = request.headers.get("X-Forwarded-For", "")
    return _address(request.META.get("REMOTE_ADDR", ""), forwarded)


def address_in(scope_client: tuple[str, int] | None, headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The same of an ASGI scope."""
    forwarded = b",".join(value for name, value in headers if name == b"x-forwarded-for")
    return _address(scope_client[0] if scope_client else "", forwarded.decode("latin-1"))


def _address(peer: str, forwarded: str) -> str:
    """A proxy in front adds the last entry; those before it are whatever the caller wrote."""
    last = forwarded.rpartition(",")[2].strip()
    return last if config().behind_proxy and last else peer


def _network(address: str) -> str:
    """Who has an IPv6 address has 2^64 of them."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else str(found)

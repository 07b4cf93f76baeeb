"""Asks a preview, through the router and by its real host name, whether it answers."""

from dataclasses import dataclass
from functools import cache

import httpx
from django.core.signing import TimestampSigner

from ..config import config
from ..models import Deployment, Service

#: The gate accepts this header's signed deployment id before that deployment is live.
PROBE_HEADER = "X-Edaha-Probe"
PROBE_SALT = "edaha.probe"
#: Set by the router's own pages, never by an application.
STATUS_HEADER = "X-Edaha-Status"

_TIMEOUT = httpx.Timeout(3.0, connect=2.0)


@dataclass(frozen=True)
class Answer:
    """What came back: `ok`, or why it does not count."""

    ok: bool
    detail: str


def probe(deployment: Deployment, service: Service) -> Answer:
    """One GET of the service's health path; never raises."""
    path = service.health_path
    headers = {
        "Host": config().preview_host(service.label),
        "User-Agent": "edaha-verify",
        PROBE_HEADER: TimestampSigner(salt=PROBE_SALT).sign(str(deployment.pk)),
    }
    try:
        response = _client().get(config().router_url + (path or "/"), headers=headers)
    except httpx.HTTPError as problem:
        return Answer(False, f"the router did not answer: {type(problem).__name__}")
    if STATUS_HEADER in response.headers:
        return Answer(False, "nothing accepts connections there yet")
    limit = 400 if path else 500
    return Answer(response.status_code < limit, f"it answered {response.status_code}")


@cache
def _client() -> httpx.Client:
    # Proxies of the environment are for the outside world.
    return httpx.Client(timeout=_TIMEOUT, follow_redirects=False, trust_env=False)

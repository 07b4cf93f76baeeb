"""Health checks for load balancers and supervisors: open to everybody, and silent on details."""

from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

import redis
import structlog
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deployments.config import config

log = structlog.get_logger(__name__)


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Whether this process answers. A restart helps where it does not, so nothing else counts."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether requests should come here: each part by name, 503 if one of them is ill."""
    parts = {
        "database": _is_well("database", _ask_database),
        "redis": _is_well("redis", _ask_redis),
    }
    said = {name: "ok" if is_well else "unreachable" for name, is_well in parts.items()}
    return JsonResponse(said, status=200 if all(parts.values()) else 503)


class Part(NamedTuple):
    """One part of the installation, for people."""

    name: str
    is_well: bool
    #: How it is, and what to do where it is ill.
    sentence: str


def parts() -> list[Part]:
    """Every part that somebody who deploys depends on."""
    database, broker = _is_well("database", _ask_database), _is_well("redis", _ask_redis)
    return [
        Part(_("Database"), database, _("It answers.") if database else _("It does not answer.")),
        Part(
            _("Redis"),
            broker,
            _("It answers.")
            if broker
            else _("It does not answer: work goes on, but begins up to a second later."),
        ),
    ]


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_redis() -> None:
    # A connection of its own: one that is kept would hide that no new one can be made.
    url = config().redis_url
    with closing(redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)) as client:
        client.ping()


def _is_well(part: str, ask: Callable[[], None]) -> bool:
    try:
        ask()
    except Exception as problem:  # whatever it is, this part does not answer
        log.warning("not_ready", part=part, problem=str(problem))
        return False
    return True

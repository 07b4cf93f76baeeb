"""Health checks for load balancers and monitoring: open to everybody, and silent on details."""

from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

import redis
import structlog
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deployments import progress
from deployments.config import config

log = structlog.get_logger(__name__)

UNREACHABLE = "unreachable"


_TITLES: dict[str, Promise] = {
    "database": _("Database"),
    "redis": _("Redis"),
    "control": _("Control worker and clock"),
    "build": _("Build workers"),
    "deliveries": _("Decisions"),
    "rollouts": _("Rollouts"),
    "reconciler": _("Comparison with git and AWS"),
}


class Part(NamedTuple):
    """One part of the installation; `problem` is empty where it is well."""

    name: str
    problem: str

    @property
    def is_well(self) -> bool:
        return not self.problem

    @property
    def title(self) -> str:
        return str(_TITLES[self.name])

    @property
    def sentence(self) -> str:
        """How it is, for people."""
        if self.problem != UNREACHABLE:
            return self.problem or gettext("It works.")
        if self.name == "redis":
            return gettext("It does not answer: work goes on, but begins up to a second later.")
        return gettext("It does not answer.")


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
    """Each part by name. 503 if this process lacks what it needs to answer requests.

    With `?all` it is 503 if any part is ill: for monitoring, and not for a load balancer, which
    would take the page away from the people who want to see what is wrong.
    """
    needed = stores()
    rest = workers() if all(part.is_well for part in needed) else []
    counted = [*needed, *rest] if "all" in request.GET else needed
    said = {part.name: part.problem or "ok" for part in [*needed, *rest]}
    return JsonResponse(said, status=200 if all(part.is_well for part in counted) else 503)


def parts() -> list[Part]:
    """Everything, for the page that operators read."""
    needed = stores()
    return [*needed, *workers()] if needed[0].is_well else needed


def stores() -> list[Part]:
    """What a request needs: the database first."""
    return [
        _part("database", _ask_database),
        _part("redis", _ask_redis),
    ]


def workers() -> list[Part]:
    """Whether work is being done, as the rows tell; needs the database."""
    return [Part(name, problem) for name, problem in progress.problems().items()]


def _part(name: str, ask: Callable[[], None]) -> Part:
    try:
        ask()
    except Exception as problem:  # whatever it is, this part does not answer
        log.warning("not_ready", part=name, problem=str(problem))
        return Part(name, UNREACHABLE)
    return Part(name, "")


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_redis() -> None:
    # A connection of its own: one that is kept would hide that no new one can be made.
    url = config().redis_url
    with closing(redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)) as client:
        client.ping()

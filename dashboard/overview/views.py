"""The operators' overview: one page, its numbers at most half a minute old."""

from datetime import timedelta
from threading import Lock
from time import monotonic
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboard import health
from dashboard.access import Access, Role, Sight, access_of, requires
from deployments.config import config
from deployments.models import Deployment, Pulse
from deployments.pipeline import queue
from deployments.pipeline.queue import Standing

from . import charts, figures

RANGES = (7, 30, 90)
_SECONDS = 30.0
#: As many of those that wait as one looks through.
_WAITING = 20


@require_GET
@requires(Role.DEPLOYER)
def page(request: HttpRequest) -> HttpResponse:
    chosen = request.GET.get("days", "")
    days = int(chosen) if chosen in map(str, RANGES) else RANGES[1]
    access = access_of(request.user)
    numbers, prices = past(days, access.sight), config().prices
    return render(
        request,
        "overview/page.html",
        numbers
        | {
            "ranges": RANGES,
            "chosen": days,
            "waiting": waiting(access)[:_WAITING],
            "pulses": Pulse.objects.filter(part__in=(Pulse.Part.CONTROL, Pulse.Part.BUILD)),
            "ill": [part for part in health.parts() if not part.is_well],
            "currency": prices.currency if prices else "",
        },
    )


def waiting(access: Access) -> list[tuple[Deployment, Standing]]:
    """Deployments that wait, in the order of their places."""
    places = queue.standings()
    shown = access.visible(Deployment.objects.select_related("branch__repository"))
    found = shown.in_bulk(places)
    pairs = [(found[pk], place) for pk, place in places.items() if pk in found]
    return sorted(pairs, key=lambda pair: pair[1].position)


class _Past:
    """What lies behind, for everybody who looks within half a minute."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.forget()

    def forget(self) -> None:
        self._known: dict[tuple[int, Sight], tuple[float, dict[str, Any]]] = {}

    def of(self, days: int, sight: Sight) -> dict[str, Any]:
        with self._lock:
            at, found = self._known.get((days, sight), (-_SECONDS, {}))
            if not found or monotonic() - at >= _SECONDS:
                found = _drawn(days, sight)
                self._known[days, sight] = (monotonic(), found)
            return found


_past = _Past()
past = _past.of
forget = _past.forget


def _drawn(count: int, sight: Sight) -> dict[str, Any]:
    since = (timezone.now() - timedelta(days=count - 1)).replace(hour=0, minute=0, second=0)
    rows = figures.rows(since, sight)
    days = figures.days(rows, since)
    dates = [day.day for day in days]
    causes = figures.causes(rows)
    return {
        "days": days,
        "number": len(rows),
        "is_cut": len(rows) == figures.MOST,
        "deployments": charts.columns(
            dates,
            {
                "good": [day.good for day in days],
                "other": [day.other for day in days],
                "failed": [day.failed for day in days],
            },
        ),
        "durations": charts.lines(
            dates, {"p50": [day.p50 for day in days], "p95": [day.p95 for day in days]}
        ),
        "reuse": charts.lines(dates, {"reused": [day.reused for day in days]}, top=100),
        "throttling": charts.columns(dates, {"failed": [day.throttled for day in days]}),
        "throttled": sum(day.throttled for day in days),
        "ages": figures.ages(sight),
        "causes": causes,
        "most": max((cause.number for cause in causes), default=1),
    }

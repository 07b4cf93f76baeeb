"""The numbers of the overview, out of the newest deployments of a time."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Sum
from django.utils import timezone

from dashboard.access import EVERYTHING, Sight
from deployments.causes import Cause, fault
from deployments.config import config
from deployments.models import Branch, Deployment, Service, Tally
from deployments.states import BranchState, DeploymentState

#: More deployments than this are not looked at, however busy the time was: the newest ones count.
MOST = 20_000
_GOOD = {DeploymentState.LIVE, DeploymentState.RETIRED}
_COLUMNS = ("started_at", "built_at", "finished_at", "created_at", "state", "build_reused", "cause")


class Day(NamedTuple):
    """What was begun on one day (UTC)."""

    day: date
    good: int
    failed: int
    #: Superseded, cancelled, or still on their way.
    other: int
    #: Seconds from the wish to live: half were faster, and 95 of 100. None where none went live.
    p50: float | None
    p95: float | None
    #: Of those with an image: how many needed no build, in percent.
    reused: float | None
    throttled: int


class CauseCount(NamedTuple):
    cause: Cause
    number: int

    @property
    def name(self) -> str:
        """In the reader's language, whoever asked for the figures."""
        return str(self.cause.label)

    @property
    def whose(self) -> str:
        return str(fault(self.cause).label)


class AgeCount(NamedTuple):
    #: At most this many days old; 0 is everything older.
    days: int
    number: int
    #: Of their services a day, in the operator's currency; None where no price is known.
    cost: float | None


Row = dict[str, Any]


def rows(since: datetime, sight: Sight = EVERYTHING) -> list[Row]:
    """Newest first."""
    shown = sight.visible(Deployment.objects.filter(started_at__gte=since))
    found = shown.order_by("-started_at")
    return list(found.values(*_COLUMNS)[:MOST])


def days(found: Iterable[Row], since: datetime) -> list[Day]:
    """Every day from `since` on, those without any included."""
    by_day: defaultdict[date, list[Row]] = defaultdict(list)
    for row in found:
        by_day[row["started_at"].date()].append(row)
    throttled = _throttled(since)
    today = timezone.now().date()
    count = (today - since.date()).days
    dates = [today - timedelta(days=ago) for ago in range(count, -1, -1)]
    return [_day(each, by_day[each], throttled[each]) for each in dates]


def causes(found: Iterable[Row]) -> list[CauseCount]:
    """Why deployments failed, the most frequent cause first."""
    failed = (row["cause"] or Cause.OTHER for row in found if _is_failed(row))
    return [
        CauseCount(Cause(cause), number)
        for cause, number in Counter(failed).most_common()
        if cause in Cause.values
    ]


def ages(sight: Sight = EVERYTHING) -> list[AgeCount]:
    """Previews that are there, by age, and what each group costs a day."""
    there = sight.visible(Branch.objects.exclude(state=BranchState.DESTROYED))
    groups: dict[int, list[int | None]] = {1: [], 7: [], 30: [], 0: []}
    now = timezone.now()
    for created, live in there.values_list("created_at", "live_id"):
        age = (now - created).total_seconds() / 86400
        groups[next((days for days in (1, 7, 30) if age <= days), 0)].append(live)
    costs = _costs([live for group in groups.values() for live in group if live])
    return [AgeCount(days, len(group), _sum(costs, group)) for days, group in groups.items()]


def quantile(values: Sequence[float], part: float) -> float | None:
    """The nearest rank: https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method"""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(len(values) * part) - 1)]


def _day(day: date, found: Sequence[Row], throttled: int) -> Day:
    good = [row for row in found if row["state"] in _GOOD and row["finished_at"]]
    failed = sum(map(_is_failed, found))
    took = [(row["finished_at"] - row["created_at"]).total_seconds() for row in good]
    built = [row for row in found if row["built_at"]]
    reused = sum(row["build_reused"] for row in built)
    return Day(
        day,
        len(good),
        failed,
        len(found) - len(good) - failed,
        quantile(took, 0.5),
        quantile(took, 0.95),
        100 * reused / len(built) if built else None,
        throttled,
    )


def _is_failed(row: Row) -> bool:
    return bool(row["state"] == DeploymentState.FAILED)


def _throttled(since: datetime) -> Counter[date]:
    hours = Tally.objects.filter(name=Tally.Name.THROTTLED, hour__gte=since)
    found: Counter[date] = Counter()
    for hour, number in hours.values_list("hour").annotate(number=Sum("number")):
        found[hour.date()] += number
    return found


def _costs(deployments: list[int]) -> dict[int, float | None]:
    prices = config().prices
    if prices is None:
        return {}
    definitions: defaultdict[int, list[tuple[Any, Any]]] = defaultdict(list)
    wanted = Service.objects.filter(deployment__in=deployments)
    for pk, task, service in wanted.values_list(
        "deployment_id", "task_definition", "service_definition"
    ):
        definitions[pk].append((task, service))
    return {pk: prices.a_day(requests) for pk, requests in definitions.items()}


def _sum(costs: dict[int, float | None], group: list[int | None]) -> float | None:
    known = [cost for pk in group if pk and (cost := costs.get(pk)) is not None]
    return sum(known) if known else None

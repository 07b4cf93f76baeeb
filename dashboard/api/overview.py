"""The numbers of the operators' overview."""

from datetime import date
from enum import IntEnum

from django.http import HttpRequest
from ninja import Field, Query, Schema

from dashboard.overview import views
from dashboard.overview.figures import CauseCount, Day
from deployments.config import config

from .operations import READING, api
from .tokens import OPERATOR, access


class DayOut(Schema):
    """What was begun on one day (UTC)."""

    day: date
    good: int
    failed: int
    other: int = Field(description="Superseded, cancelled, or still on their way.")
    p50: float | None = Field(description="Seconds from the wish to live: half were faster.")
    p95: float | None = Field(description="95 of 100 were faster.")
    reused: float | None = Field(
        description="Of those with an image, how many needed no build, in percent."
    )
    throttled: int = Field(description="Calls that AWS refused for coming too fast.")


class CauseOut(Schema):
    cause: str
    number: int


class AgeOut(Schema):
    days: int = Field(description="At most this many days old; 0 is everything older.")
    number: int
    cost: float | None = Field(description="Of them all, a day; null where no price is known.")


class OverviewOut(Schema):
    """How much is built, how long it takes, what fails, what it costs."""

    number: int = Field(description="Deployments that were looked at.")
    is_cut: bool = Field(description="Whether there were more: the newest ones count.")
    throttled: int
    currency: str = Field(description="Empty where the operator set no prices.")
    days: list[DayOut] = Field(description="The oldest first, those without any included.")
    causes: list[CauseOut] = Field(description="Why deployments failed, the most frequent first.")
    ages: list[AgeOut] = Field(description="Previews that are there, by their age.")


class Days(IntEnum):
    """How far to look back."""

    WEEK, MONTH, QUARTER = views.RANGES


class OverviewQuery(Schema):
    days: Days = Days.MONTH


@api.get(
    "/overview",
    auth=OPERATOR,
    response=READING | {200: OverviewOut},
    summary="The numbers of the overview",
    description="Of what the token may see; at most half a minute old.",
)
def get_overview(request: HttpRequest, query: Query[OverviewQuery]) -> OverviewOut:
    past, prices = views.past(query.days, access(request).sight), config().prices
    return OverviewOut(
        number=past["number"],
        is_cut=past["is_cut"],
        throttled=past["throttled"],
        currency=prices.currency if prices else "",
        days=[_day(day) for day in past["days"]],
        causes=[_cause(each) for each in past["causes"]],
        ages=[AgeOut(**each._asdict()) for each in past["ages"]],
    )


def _day(day: Day) -> DayOut:
    return DayOut(**day._asdict())


def _cause(counted: CauseCount) -> CauseOut:
    return CauseOut(cause=str(counted.cause), number=counted.number)

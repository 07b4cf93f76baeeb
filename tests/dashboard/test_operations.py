"""The overview, who did what, and deliveries that are decided about once more."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.overview import charts, figures, views
from deployments import deliveries
from deployments.adapters import budget
from deployments.causes import Cause
from deployments.models import Delivery, Deployment, Tally, Transition
from deployments.states import DeploymentState

from .rows import a_branch, a_delivery, a_deployment, a_live_branch

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    views.forget()


def an_end(seconds: float, state: str = DeploymentState.RETIRED, **fields: Any) -> None:
    at = timezone.now() - timedelta(hours=1)
    branch = a_branch(f"b{Deployment.objects.count()}")
    given = {"started_at": at, "finished_at": at + timedelta(seconds=seconds)} | fields
    one = a_deployment(branch, state, **given)
    Deployment.objects.filter(pk=one.pk).update(created_at=at)


def test_a_day_in_numbers() -> None:
    for seconds in range(1, 101):
        an_end(seconds, built_at=timezone.now(), build_reused=seconds <= 25)
    an_end(9, DeploymentState.FAILED, cause=Cause.MEMORY)
    an_end(9, DeploymentState.SUPERSEDED)
    since = timezone.now() - timedelta(days=6)
    days = figures.days(figures.rows(since), since)
    assert len(days) == 7
    today = next(day for day in days if day.good)
    assert (today.good, today.failed, today.other) == (100, 1, 1)
    assert (today.p50, today.p95, today.reused) == (50, 95, 25)
    [cause] = figures.causes(figures.rows(since))
    assert (cause.name, cause.number) == ("It ran out of memory", 1)


def test_the_overview_asks_the_database_as_often_for_many_as_for_few(
    deployer: Client, django_assert_max_num_queries: Any
) -> None:
    for seconds in range(20):
        an_end(seconds)
        a_live_branch(f"live-{seconds}")
    with django_assert_max_num_queries(24):
        page = deployer.get("/overview?days=7").content.decode()
    assert "Nothing waits for a worker." in page


@pytest.mark.parametrize("days", ["", "x", "0", "30000", "-7"])
def test_any_range_shows_something(deployer: Client, days: str) -> None:
    assert deployer.get(f"/overview?days={days}").status_code == 200


def test_a_chart_fits_what_it_shows() -> None:
    today = timezone.now().date()
    chart = charts.columns([today, today], {"good": [3, 0], "failed": [4, 0]})
    assert chart.top == 10
    assert [part.height for part in chart.columns[0].parts] == [42.0, 56.0]
    line = charts.lines([today] * 3, {"p50": [None, 5.0, None]}).lines[0]
    assert line.dots == [(300.0, 0.0)]


def test_a_throttled_call_is_counted_by_the_hour() -> None:
    budget.forget()
    assert budget.take_refused() == 0
    budget._current().throttled()
    budget._current().throttled()
    now = timezone.now()
    Tally.note(Tally.Name.THROTTLED, now, budget.take_refused())
    Tally.note(Tally.Name.THROTTLED, now, 0)
    Tally.note(Tally.Name.THROTTLED, now, 3)
    assert Tally.objects.get().number == 5
    budget.forget()


def test_activity_tells_who_did_what(viewer: Client) -> None:
    branch = a_branch(title="Coupons <b>")
    made = {"branch": branch, "before": "live", "after": "destroying"}
    Transition.objects.create(**made, actor="mika", reason="mika pressed destroy")
    Transition.objects.create(**made, actor="", reason="Nobody visited it")
    page = viewer.get("/activity").content.decode()
    assert "mika pressed destroy" in page and "Coupons &lt;b&gt;" in page
    assert "Nobody visited it" not in page
    assert "Nothing matches" in viewer.get("/activity?q=kenji").content.decode()
    assert "mika" in viewer.get("/activity?q=coupons&before=99999999").content.decode()


def test_a_delivery_is_decided_about_once_more(deployer: Client, woken: list[Any]) -> None:
    delivery = a_delivery(state=Delivery.State.FAILED, attempts=8, decision="failed: no network")
    page = deployer.post(f"/deliveries/{delivery.pk}/replay", follow=True).content.decode()
    assert "It is being decided about once more." in page
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.replayed_by) == ("pending", 0, "mika")
    assert ("deployments.decide",) in woken
    again = deployer.post(f"/deliveries/{delivery.pk}/replay", follow=True).content.decode()
    assert "It is still being decided. Nothing was changed." in again
    assert deliveries.decide_pending() == 1
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.DECIDED


def test_only_those_who_may_deploy_replay(viewer: Client) -> None:
    delivery = a_delivery()
    assert viewer.post(f"/deliveries/{delivery.pk}/replay").status_code == 403

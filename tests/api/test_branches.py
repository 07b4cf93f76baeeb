"""Branches are found, sorted and paged as on the page."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.api import tokens
from dashboard.api.tokens import Caller as Asking
from dashboard.models import Favourite, Preferences
from deployments.models import ApiToken, Branch, Repository
from deployments.states import BranchState
from tests.dashboard.rows import a_branch, a_live_branch, a_person, a_repository

from .conftest import Caller


def names(caller: Caller, query: str) -> list[str]:
    answer = caller("GET", f"/branches?{query}")
    assert answer.status_code == 200, answer.content
    return [branch["name"] for branch in answer.json()]


@pytest.fixture
def three(db: None) -> list[Branch]:
    """Each is the first in some order."""
    now = timezone.now()
    hours = [timedelta(hours=number) for number in range(5)]
    made = [
        a_branch("cart", title="SHOP-12 A cart", author="mika", pinned_at=now),
        a_branch("banner", title="A banner", author="otto", pull_request=42),
        a_branch("pay", title="Payment", author="mika", state=BranchState.FAILED),
    ]
    times = {
        "visited_at": (now - hours[2], now - hours[1], None),
        "expires_at": (now + hours[3], None, now + hours[1]),
        "updated_at": (now - hours[1], now - hours[3], now - hours[2]),
    }
    for field, values in times.items():
        for branch, value in zip(made, values, strict=True):
            Branch.objects.filter(pk=branch.pk).update(**{field: value})
    return made


SORTED = {
    "oldest": ["cart", "banner", "pay"],
    "newest": ["pay", "banner", "cart"],
    "changed": ["cart", "pay", "banner"],
    "title": ["banner", "pay", "cart"],
    "visited": ["banner", "cart", "pay"],
    "ends": ["pay", "cart", "banner"],
}


@pytest.mark.parametrize("sort", SORTED)
def test_pages_follow_each_other_in_every_order(
    viewer: Caller, three: list[Branch], sort: str
) -> None:
    assert names(viewer, f"sort={sort}") == SORTED[sort]
    found, address = [], f"/branches?sort={sort}&limit=1"
    for _ in three:
        response = viewer("GET", address)
        found += [branch["name"] for branch in response.json()]
        link = re.fullmatch(r'<http://testserver/api/v1(.+)>; rel="next"', response.get("Link", ""))
        address = link[1] if link else ""
    assert (found, address) == (SORTED[sort], "")


def test_the_last_ids_place_is_still_understood(viewer: Caller, three: list[Branch]) -> None:
    assert names(viewer, f"after={three[0].pk}") == ["banner", "pay"]


@pytest.mark.parametrize("after", ["x", "yesterday_7", "_", "2026-01-01_7"])
def test_a_place_of_another_order_is_refused(viewer: Caller, after: str) -> None:
    answer = viewer("GET", f"/branches?sort=changed&after={after}")
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "query.after")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=SHOP12", ["cart"]),
        ("q=%2342", ["banner"]),
        ("q=a+cart", ["cart"]),
        ("q=nothing", []),
        ("author=MIKA", ["cart", "pay"]),
        ("author=mika&state=failed", ["pay"]),
        ("pinned=true", ["cart"]),
        ("pinned=false", ["cart", "banner", "pay"]),
        ("name=pay", ["pay"]),
    ],
)
def test_filters(viewer: Caller, three: list[Branch], query: str, expected: list[str]) -> None:
    assert names(viewer, query) == expected


def test_mine_are_those_of_who_made_the_token(viewer: Caller, three: list[Branch]) -> None:
    person = a_person("viewer", "mika.k")
    Preferences.objects.create(user=person, github_login="Mika")
    Favourite.objects.create(user=person, branch=three[1])
    ApiToken.objects.update(created_by="mika.k")
    assert names(viewer, "mine=true") == ["cart", "pay"]
    assert names(viewer, "favourite=true") == ["banner"]


def test_a_workflows_are_those_of_who_started_it(
    viewer: Caller, three: list[Branch], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tokens.access

    def asks(request: object) -> Asking:
        return Asking("otto in a workflow", known(request), login="otto")  # type: ignore[arg-type]

    monkeypatch.setattr("dashboard.api.branches.caller", asks)
    assert names(viewer, "mine=true") == ["banner"]
    assert viewer("GET", "/branches?favourite=true").status_code == 422


@pytest.mark.parametrize("switch", ["mine", "favourite"])
def test_nobodys_token_has_nothing_of_its_own(viewer: Caller, switch: str) -> None:
    answer = viewer("GET", f"/branches?{switch}=true")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == f"query.{switch}"


def test_a_private_repositorys_branches_are_not_found(viewer: Caller) -> None:
    a_live_branch("secret-plan", repository=a_repository("acme/hidden"))
    Repository.objects.update(is_private=True)
    assert names(viewer, "q=secret-plan&sort=title") == []


def test_a_search_costs_the_same_few_queries_however_much_it_finds(viewer: Caller) -> None:
    ApiToken.objects.update(created_by=a_person("viewer", "mika").username)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            viewer("GET", "/branches?q=shop&sort=title&mine=true&pinned=true&limit=50")
        return len(queries)

    fields = {"author": "mika", "pinned_at": timezone.now()}
    a_live_branch("first", **fields)
    cost()  # notes the token's use
    few = cost()
    for number in range(20):
        a_live_branch(f"branch-{number}", **fields)
    assert cost() == few

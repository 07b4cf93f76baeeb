"""Deliveries that failed are found at GitHub, and asked for again: each one three times at most."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine
from django.utils import timezone

from deployments.adapters.github import hooks
from deployments.models import Delivery, HookLook, Reconciliation, Redelivery, Repository
from deployments.reconcile import redelivery
from deployments.reconcile.notebook import Notebook

from .conftest import configured
from .hub import Hub, says

LIST = "/app/hook/deliveries"


class Deliveries:
    """As https://docs.github.com/en/rest/apps/webhooks lists them: the newest first, by cursor."""

    def __init__(self, hub: Hub, path: str = LIST, *, page: int = 100) -> None:
        self.hub, self.path, self.page = hub, path, page
        self.rows: list[dict[str, Any]] = []
        self.asked: list[str] = []
        hub.answers[f"GET {path}"] = self._list

    def add(self, guid: str, status_code: int, *, ago: timedelta = timedelta(minutes=5)) -> None:
        row = {
            "id": len(self.rows) + 1,
            "guid": guid,
            "delivered_at": (timezone.now() - ago).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "redelivery": False,
            "duration": 0.1,
            "status": "OK" if status_code == 202 else "Invalid HTTP Response",
            "status_code": status_code,
            "event": "issue_comment",
            "action": "created",
            "installation_id": 11,
            "repository_id": 1,
        }
        self.rows.append(row)
        self.hub.answers[f"POST {self.path}/{row['id']}/attempts"] = self._accept

    def _list(self, request: httpx.Request) -> httpx.Response:
        found = sorted(self.rows, key=lambda row: str(row["delivered_at"]), reverse=True)
        begin = int(request.url.params.get("cursor", "0"))
        self.asked.append(str(request.url.params))
        headers = {}
        if begin + self.page < len(found):
            following = f"https://api.github.com{self.path}?per_page=100&cursor={begin + self.page}"
            headers["Link"] = f'<{following}>; rel="next"'
        return httpx.Response(200, json=found[begin : begin + self.page], headers=headers)

    def _accept(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(202, json={})

    @property
    def sent_again(self) -> list[int]:
        paths = [path for path in self.hub.paths("POST") if path.startswith(f"{self.path}/")]
        return [int(path.split("/")[-2]) for path in paths]


def a_pass() -> Notebook:
    now = timezone.now()
    row = Reconciliation.objects.create(started_at=now, beat_at=now)
    notebook = Notebook(row)
    redelivery.compare(notebook)
    notebook.close()
    return notebook


def told(notebook: Notebook) -> list[str]:
    return [each["done"] for each in notebook._row.findings]


def test_what_failed_is_asked_for_again(hub: Hub) -> None:
    there = Deliveries(hub)
    there.add("a" * 8, 202)
    there.add("b" * 8, 503)
    notebook = a_pass()
    assert there.sent_again == [2]
    assert told(notebook) == ["asked GitHub to send it again, try 1 of 3"]
    assert "issue_comment" in notebook._row.findings[0]["what"]
    assert not notebook._row.problems


def test_what_came_by_another_try_or_is_here_is_left(hub: Hub) -> None:
    there = Deliveries(hub)
    there.add("c" * 8, 502)
    there.add("c" * 8, 202)
    there.add("D" * 8, 0)
    Delivery.objects.create(guid="d" * 8, event="push", payload=b"{}", received_at=timezone.now())
    assert told(a_pass()) == []
    assert there.sent_again == []


def test_each_is_asked_for_three_times_and_then_told(hub: Hub) -> None:
    there = Deliveries(hub)
    there.add("e" * 8, 500)
    problems = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(5):
            problems.append(len(a_pass()._row.problems))
            clock.shift(timedelta(minutes=5))
            there.add("e" * 8, 500, ago=timedelta(minutes=1))
    assert len(there.sent_again) == 3
    assert problems == [0, 0, 0, 1, 1]


def test_the_next_look_begins_where_the_last_one_ended(hub: Hub) -> None:
    there = Deliveries(hub, page=2)
    for hours in range(6):
        there.add(f"{hours:08}", 202, ago=timedelta(hours=hours + 1))
    a_pass()
    assert len(there.asked) == 3
    there.asked.clear()
    there.add("f" * 8, 500, ago=timedelta(seconds=1))
    a_pass()
    assert (len(there.asked), there.sent_again) == (1, [7])


def test_a_limit_in_the_middle_loses_nothing(hub: Hub) -> None:
    there = Deliveries(hub)
    there.add("1" * 8, 500, ago=timedelta(minutes=9))
    there.add("2" * 8, 500, ago=timedelta(minutes=8))
    accept = hub.answers[f"POST {LIST}/2/attempts"]
    hub.answers[f"POST {LIST}/2/attempts"] = says(403, retry_after="60")
    begin: datetime = timezone.now()
    with time_machine.travel(begin, tick=False) as clock:
        notebook = a_pass()
        assert "rate limit is used up" in notebook._row.problems[0]
        assert HookLook.objects.get().seen_until is None
        assert Redelivery.objects.get(guid="2" * 8).attempts == 0
        hub.answers[f"POST {LIST}/2/attempts"] = accept
        there.add("1" * 8, 202, ago=timedelta(minutes=0))
        clock.shift(timedelta(minutes=5))
        a_pass()
    assert there.sent_again == [1, 2, 2]


def test_without_an_app_nothing_is_asked(hub: Hub, shop: Repository) -> None:
    with configured(github_app_id=""):
        a_pass()
    assert hub.asked == []


@pytest.mark.parametrize("url", ["http://localhost:8000/webhooks/github", "https://ci.example/x"])
def test_with_a_token_the_repositorys_own_webhook_is_looked_for(
    hub: Hub, shop: Repository, url: str
) -> None:
    hub.tokens["pat"] = timezone.now() + timedelta(days=1)
    hook = {"id": 9, "active": True, "config": {"url": url}}
    hub.answers["GET /repos/acme/shop/hooks"] = lambda _: httpx.Response(200, json=[hook])
    there = Deliveries(hub, "/repos/acme/shop/hooks/9/deliveries")
    there.add("3" * 8, 500)
    with configured(github_app_id="", github_token="pat"):
        a_pass()
        a_pass()
    assert there.sent_again == ([1] if "localhost" in url else [])
    assert hub.paths().count("/repos/acme/shop/hooks") == 1


def test_a_token_that_may_not_see_webhooks_is_no_problem(hub: Hub, shop: Repository) -> None:
    hub.answers["GET /repos/acme/shop/hooks"] = says(403)
    with configured(github_app_id="", github_token="pat"):
        assert a_pass()._row.problems == []
    assert hooks._found[shop.pk][1] is None

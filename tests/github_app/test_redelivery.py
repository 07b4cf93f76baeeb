"""Deliveries that failed are found at GitHub, and asked for again: each one three times at most."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from deployments.adapters.github import hooks
from deployments.models import Delivery, HookLook, Reconciliation, Redelivery, Repository
from deployments.reconcile import redelivery
from deployments.reconcile.notebook import Notebook
from tests.github.fake import Fake
from tests.github.fake.hooks import APP, add_delivery, add_hook
from tests.github.product import TOKEN, configured

LIST = "/deliveries"


class Deliveries:
    """Of a webhook, the App's own where none is named."""

    def __init__(self, fake: Fake, hook: int = APP) -> None:
        self.fake, self.hook = fake, hook

    def add(self, guid: str, status_code: int, *, ago: timedelta = timedelta(minutes=5)) -> None:
        add_delivery(self.fake.state, self.hook, guid, status_code, ago=ago, event="issue_comment")

    @property
    def asked(self) -> int:
        return sum(each.method == "GET" and each.path.endswith(LIST) for each in self.fake.seen)

    @property
    def sent_again(self) -> list[int]:
        """The ones that GitHub was asked for, be it that it refused."""
        paths = [each.path for each in self.fake.seen if each.method == "POST"]
        return [int(path.split("/")[-2]) for path in paths if path.endswith("/attempts")]


def a_pass() -> Notebook:
    now = timezone.now()
    row = Reconciliation.objects.create(started_at=now, beat_at=now)
    notebook = Notebook(row)
    redelivery.compare(notebook)
    notebook.close()
    return notebook


def told(notebook: Notebook) -> list[str]:
    return [each["done"] for each in notebook._row.findings]


def test_what_failed_is_asked_for_again(hub: Fake) -> None:
    there = Deliveries(hub)
    there.add("a" * 8, 202)
    there.add("b" * 8, 503)
    notebook = a_pass()
    assert there.sent_again == [2]
    assert told(notebook) == ["asked GitHub to send it again, try 1 of 3"]
    assert "issue_comment" in notebook._row.findings[0]["what"]
    assert not notebook._row.problems


def test_what_came_by_another_try_or_is_here_is_left(hub: Fake) -> None:
    there = Deliveries(hub)
    there.add("c" * 8, 502)
    there.add("c" * 8, 202)
    there.add("D" * 8, 0)
    Delivery.objects.create(guid="d" * 8, event="push", payload=b"{}", received_at=timezone.now())
    assert told(a_pass()) == []
    assert there.sent_again == []


def test_each_is_asked_for_three_times_and_then_told(hub: Fake) -> None:
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


def test_the_next_look_begins_where_the_last_one_ended(hub: Fake) -> None:
    there, hub.paging.most = Deliveries(hub), 2
    for hours in range(6):
        there.add(f"{hours:08}", 202, ago=timedelta(hours=hours + 1))
    a_pass()
    assert there.asked == 3
    hub.seen.clear()
    there.add("f" * 8, 500, ago=timedelta(seconds=1))
    a_pass()
    assert (there.asked, there.sent_again) == (1, [7])


def test_a_limit_in_the_middle_loses_nothing(hub: Fake) -> None:
    there = Deliveries(hub)
    there.add("1" * 8, 500, ago=timedelta(minutes=9))
    there.add("2" * 8, 500, ago=timedelta(minutes=8))
    hub.refuse("POST /app/hook/deliveries/2/attempts", 403, retry_after="60")
    begin: datetime = timezone.now()
    with time_machine.travel(begin, tick=False) as clock:
        notebook = a_pass()
        assert "rate limit is used up" in notebook._row.problems[0]
        assert HookLook.objects.get().seen_until is None
        assert Redelivery.objects.get(guid="2" * 8).attempts == 0
        hub.relent()
        there.add("1" * 8, 202, ago=timedelta(minutes=0))
        clock.shift(timedelta(minutes=5))
        a_pass()
    assert there.sent_again == [1, 2, 2]


def test_without_an_app_nothing_is_asked(hub: Fake, shop: Repository) -> None:
    with configured(github_app_id=""):
        a_pass()
    assert hub.seen == []


@pytest.mark.parametrize("url", ["http://localhost:8000/webhooks/github", "https://ci.example/x"])
def test_with_a_token_the_repositorys_own_webhook_is_looked_for(
    hub: Fake, shop: Repository, url: str
) -> None:
    add_hook(hub.state, 9, url)
    there = Deliveries(hub, 9)
    there.add("3" * 8, 500)
    with configured(github_app_id="", github_token=TOKEN):
        a_pass()
        a_pass()
    assert there.sent_again == ([1] if "localhost" in url else [])
    assert hub.count("GET /repos/acme/shop/hooks") == 1


def test_a_token_that_may_not_see_webhooks_is_no_problem(hub: Fake, shop: Repository) -> None:
    hub.refuse("GET /repos/acme/shop/hooks", 403)
    with configured(github_app_id="", github_token=TOKEN):
        assert a_pass()._row.problems == []
    assert hooks._found[shop.pk][1] is None

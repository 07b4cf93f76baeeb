"""GitHub's limits: its headers are read, and it is left alone for as long as it asks."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from deployments.adapters import budget, github
from deployments.errors import PlatformError
from deployments.models import Repository
from tests.github.fake import ALWAYS, Fake, Fault, Installation
from tests.github.product import Clock

R = "/repos/acme/shop"


def test_what_is_left_is_for_those_who_wait(hub: Fake, shop: Repository) -> None:
    hub.limits.leave("installation 11", 500)
    github.request(shop, "GET", "/pulls", background=True)
    with pytest.raises(github.Limited, match=r"what is left \(499 of 5000\)") as caught:
        github.request(shop, "GET", "/pulls", background=True)
    assert caught.value.until > timezone.now() + timedelta(minutes=58)
    with budget.in_background(), pytest.raises(github.Limited):
        github.request(shop, "GET", "/pulls")
    github.request(shop, "POST", "/issues/5/comments", {"body": "x"})
    assert hub.count(f"GET {R}/pulls") == 1


def test_half_of_it_is_for_everybody_and_so_is_a_new_hour(hub: Fake, shop: Repository) -> None:
    hub.limits.leave("installation 11", 501)
    github.request(shop, "GET", "/pulls", background=True)
    github.request(shop, "GET", "/pulls", background=True)
    with pytest.raises(github.Limited):
        github.request(shop, "GET", "/pulls", background=True)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        github.request(shop, "GET", "/pulls", background=True)
    assert hub.count(f"GET {R}/pulls") == 3


def test_once_all_is_used_up_nobody_asks_before_the_next_hour(hub: Fake, shop: Repository) -> None:
    hub.limits.leave("installation 11", 0)
    for _ in range(2):
        with pytest.raises(github.Limited, match="asked again in 60 min"):
            github.request(shop, "GET", "/pulls")
    assert hub.count(f"GET {R}/pulls") == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        github.request(shop, "GET", "/pulls")


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (403, {"message": "You have exceeded a secondary rate limit."}, {}),
        (429, {"message": "Too many"}, {"retry-after": "60"}),
        (403, {"message": "no"}, {"retry-after": "60"}),
    ],
)
def test_a_secondary_limit_silences_the_whole_installation(
    hub: Fake, shop: Repository, status: int, body: dict[str, str], headers: dict[str, str]
) -> None:
    ours = hub.state.installations["acme/shop"]
    hub.state.installations["acme/api"] = ours
    hub.state.installations["other/x"] = Installation(12, ours.permissions)
    api = Repository(full_name="acme/api", clone_url="https://github.com/acme/api")
    elsewhere = Repository(full_name="other/x", clone_url="https://github.com/other/x")
    hub.faults.append(
        Fault(status, headers, body=body, matching=f"POST {R}/issues/5/comments", times=ALWAYS)
    )
    with time_machine.travel(timezone.now(), tick=False) as clock:
        with pytest.raises(github.Limited) as caught:
            github.request(shop, "POST", "/issues/5/comments", {"body": "x"})
        assert caught.value.until == timezone.now() + timedelta(seconds=60)
        assert caught.value.retry
        with pytest.raises(github.Limited):
            github.request(api, "GET", "/pulls")
        assert github.request(elsewhere, "GET", "/pulls").status_code == 200
        clock.shift(61)
        assert github.request(api, "GET", "/pulls").status_code == 200


def test_without_a_word_of_how_long_it_is_longer_each_time(hub: Fake, shop: Repository) -> None:
    hub.refuse(f"GET {R}/pulls", 429, {"message": "slow down"})
    waits = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(8):
            with pytest.raises(github.Limited) as caught:
                github.request(shop, "GET", "/pulls")
            waits.append((caught.value.until - timezone.now()) / timedelta(minutes=1))
            clock.shift(caught.value.until - timezone.now() + timedelta(seconds=1))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_changes_come_a_second_apart_and_readings_at_once(
    hub: Fake, shop: Repository, clock: Clock
) -> None:
    for _ in range(3):
        known = github.request(shop, "POST", "/issues/5/comments", {"body": "x"}).json()["id"]
        github.request(shop, "GET", "/pulls")
    assert clock.slept == [1.0, 1.0]
    clock.seconds += 5
    github.request(shop, "PATCH", f"/issues/comments/{known}", {"body": "y"})
    assert clock.slept == [1.0, 1.0]


@pytest.mark.parametrize(
    ("status", "kind", "is_temporary"),
    [
        (404, github.NotFound, False),
        (410, github.NotFound, False),
        (409, github.Conflict, False),
        (422, github.Invalid, False),
        (403, PlatformError, False),
        (500, PlatformError, True),
        (503, PlatformError, True),
    ],
)
def test_each_refusal_is_told_apart(
    hub: Fake, shop: Repository, status: int, kind: type[PlatformError], is_temporary: bool
) -> None:
    error = {"message": "Validation Failed", "errors": [{"field": "body", "code": "missing"}]}
    hub.refuse(
        f"POST {R}/issues/5/comments", status, error, x_accepted_github_permissions="issues=write"
    )
    with pytest.raises(kind) as caught:
        github.request(shop, "POST", "/issues/5/comments", {"body": "x"})
    assert type(caught.value) is kind
    assert caught.value.retry == is_temporary
    if status == 403:
        assert "issues=write" in caught.value.hint
    if status == 422:
        assert "body missing" in caught.value.message


@pytest.mark.parametrize(
    "fault",
    [Fault(is_lost=True), Fault(is_down=True), Fault(seconds=30)],
    ids=["lost", "down", "slow"],
)
def test_an_answer_that_never_came_may_be_asked_for_again(
    hub: Fake, shop: Repository, fault: Fault
) -> None:
    fault.matching = "comments"
    hub.faults.append(fault)
    with pytest.raises(PlatformError, match="GitHub was not reached") as caught:
        github.request(shop, "POST", "/issues/5/comments", {"body": "x"})
    assert caught.value.retry
    assert hub.count(f"POST {R}/issues/5/comments") == 1
    assert len(hub.state.comments) == (0 if fault.is_down else 1)


def test_an_answer_without_a_body_is_one(hub: Fake, shop: Repository) -> None:
    known = hub.state.add_comment("x", "mika")
    assert github.request(shop, "DELETE", f"/issues/comments/{known}").status_code == 204


@pytest.mark.parametrize("path", ["/branches/..", "/../../user", "//repos/a/b/../../user", "/./x"])
def test_no_name_leads_out_of_the_repository(hub: Fake, shop: Repository, path: str) -> None:
    with pytest.raises(PlatformError, match="it leads elsewhere"):
        github.request(shop, "GET", path)
    assert not [each for each in hub.seen if "installation" not in each.path]

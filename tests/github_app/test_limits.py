"""GitHub's limits: its headers are read, and it is left alone for as long as it asks."""

from datetime import timedelta

import httpx
import pytest
import time_machine
from django.utils import timezone

from deployments.adapters import budget, github
from deployments.errors import PlatformError
from deployments.models import Repository

from .conftest import Clock
from .hub import Hub, says


def left(remaining: int, minutes: int = 30) -> dict[str, str]:
    reset = int((timezone.now() + timedelta(minutes=minutes)).timestamp())
    return {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(reset),
        "x-ratelimit-resource": "core",
    }


def test_what_is_left_is_for_those_who_wait(hub: Hub, shop: Repository) -> None:
    hub.headers = left(499)
    github.request(shop, "GET", "/pulls", background=True)
    with pytest.raises(github.Limited, match=r"what is left \(499 of 5000\)") as caught:
        github.request(shop, "GET", "/pulls", background=True)
    assert caught.value.until > timezone.now() + timedelta(minutes=29)
    with budget.in_background(), pytest.raises(github.Limited):
        github.request(shop, "GET", "/pulls")
    github.request(shop, "POST", "/issues/5/comments", {"body": "x"})
    assert hub.paths().count("/repos/acme/shop/pulls") == 1


def test_half_of_it_is_for_everybody_and_so_is_a_new_hour(hub: Hub, shop: Repository) -> None:
    hub.headers = left(500)
    github.request(shop, "GET", "/pulls", background=True)
    hub.headers = left(3)
    github.request(shop, "GET", "/pulls", background=True)
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        github.request(shop, "GET", "/pulls", background=True)
    assert hub.paths().count("/repos/acme/shop/pulls") == 3


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (403, {"message": "You have exceeded a secondary rate limit."}, {}),
        (429, {"message": "Too many"}, {"retry-after": "60"}),
        (403, {"message": "no"}, {"retry-after": "60"}),
    ],
)
def test_a_secondary_limit_silences_the_whole_installation(
    hub: Hub, shop: Repository, status: int, body: dict[str, str], headers: dict[str, str]
) -> None:
    hub.installations["acme/api"], hub.installations["other/x"] = 11, 12
    api = Repository(full_name="acme/api", clone_url="https://github.com/acme/api")
    elsewhere = Repository(full_name="other/x", clone_url="https://github.com/other/x")
    names = {name.replace("-", "_"): value for name, value in headers.items()}
    hub.answers["POST /repos/acme/shop/issues/5/comments"] = says(status, body, **names)
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


def test_without_a_word_of_how_long_it_is_longer_each_time(hub: Hub, shop: Repository) -> None:
    hub.answers["GET /repos/acme/shop/pulls"] = says(429, {"message": "slow down"})
    waits = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(8):
            with pytest.raises(github.Limited) as caught:
                github.request(shop, "GET", "/pulls")
            waits.append((caught.value.until - timezone.now()) / timedelta(minutes=1))
            clock.shift(caught.value.until - timezone.now() + timedelta(seconds=1))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_changes_come_a_second_apart_and_readings_at_once(
    hub: Hub, shop: Repository, clock: Clock
) -> None:
    for number in range(3):
        github.request(shop, "POST", f"/issues/{number}/comments", {"body": "x"})
        github.request(shop, "GET", "/pulls")
    assert clock.slept == [1.0, 1.0]
    clock.seconds += 5
    github.request(shop, "PATCH", "/issues/comments/1", {"body": "y"})
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
    hub: Hub, shop: Repository, status: int, kind: type[PlatformError], is_temporary: bool
) -> None:
    error = {"message": "Validation Failed", "errors": [{"field": "body", "code": "missing"}]}
    hub.answers["POST /repos/acme/shop/issues/5/comments"] = says(
        status, error, x_accepted_github_permissions="issues=write"
    )
    with pytest.raises(kind) as caught:
        github.request(shop, "POST", "/issues/5/comments", {})
    assert type(caught.value) is kind
    assert caught.value.retry == is_temporary
    if status == 403:
        assert "issues=write" in caught.value.hint
    if status == 422:
        assert "body missing" in caught.value.message


@pytest.mark.parametrize(
    "problem", [httpx.ReadTimeout(""), httpx.ConnectError("refused"), httpx.RemoteProtocolError("")]
)
def test_an_answer_that_never_came_may_be_asked_for_again(
    hub: Hub, shop: Repository, problem: httpx.HTTPError
) -> None:
    def lose(_: httpx.Request) -> httpx.Response:
        raise problem

    hub.answers["POST /repos/acme/shop/issues/5/comments"] = lose
    with pytest.raises(PlatformError, match="GitHub was not reached") as caught:
        github.request(shop, "POST", "/issues/5/comments", {"body": "x"})
    assert caught.value.retry
    assert hub.paths().count("/repos/acme/shop/issues/5/comments") == 1


def test_an_answer_without_a_body_is_one(hub: Hub, shop: Repository) -> None:
    hub.answers["DELETE /repos/acme/shop/issues/comments/1"] = lambda _: httpx.Response(204)
    assert github.request(shop, "DELETE", "/issues/comments/1").status_code == 204

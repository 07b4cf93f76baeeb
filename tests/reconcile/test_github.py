"""The client for GitHub's API: lists of pull requests, limits, refusals."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from deployments.adapters import github
from deployments.errors import PlatformError
from deployments.models import Repository
from tests.github import product, rules
from tests.github.fake import Fake, Fault
from tests.github.product import SHOP, configured

pytestmark = pytest.mark.django_db
__all__ = ["configured"]


@pytest.fixture
def hub() -> Iterator[Fake]:
    """Known by a token, at an address of the company's own."""
    fake = product.a_fake("https://git.acme.example/api/v3")
    with (
        product.checked(fake),
        product.connected(fake),
        product.as_person(github_api_url=fake.url),
    ):
        yield fake


def add(hub: Fake, *numbers: int) -> None:
    for number in numbers:
        hub.state.add_pull(number, f"b{number}")


def statuses(hub: Fake) -> list[int]:
    return [each.status for each in hub.seen]


@pytest.fixture
def shop() -> Repository:
    return Repository(full_name=SHOP, clone_url=f"https://github.com/{SHOP}.git")


def numbers(shop: Repository) -> list[int]:
    found = github.open_pull_requests(shop)
    return [event.pull_request.number for event in found if event.pull_request]


def test_open_pull_requests_look_like_deliveries(hub: Fake, shop: Repository) -> None:
    label = rules.example("GET /repos/{owner}/{repo}/pulls", 200)["labels"][0]
    hub.state.add_pull(1, "b1", title="Docs [skip ci]", labels=[label | {"name": "x"}])
    (event,) = github.open_pull_requests(shop)
    assert (event.kind, event.branch, event.repository) == ("pull_request", "b1", SHOP)
    assert event.is_found
    assert event.skip_marker == "[skip ci]"
    assert event.pull_request is not None
    assert event.pull_request.labels == {"x"}
    assert event.pull_request.is_open
    assert not event.pull_request.is_fork


def test_what_is_asked_is_asked_in_somebodys_name(hub: Fake, shop: Repository) -> None:
    numbers(shop)
    (asked,) = hub.seen
    assert asked.path == f"/repos/{SHOP}/pulls"
    assert asked.query == {"state": "open", "per_page": "100"}
    assert asked.token == product.TOKEN


def test_every_page_is_read(hub: Fake, shop: Repository) -> None:
    hub.paging.most = 2
    add(hub, *range(1, 6))
    assert numbers(shop) == [1, 2, 3, 4, 5]
    assert len(hub.seen) == 3


def test_an_unchanged_list_costs_nothing(hub: Fake, shop: Repository) -> None:
    hub.paging.most = 2
    add(hub, 1, 2, 3)
    assert numbers(shop) == numbers(shop) == [1, 2, 3]
    assert statuses(hub) == [200, 200, 304, 304]
    hub.state.pulls[1]["title"] = "Better"
    numbers(shop)
    assert statuses(hub)[4:] == [200, 304]


def test_the_token_goes_nowhere_else(hub: Fake, shop: Repository) -> None:
    hub.paging.most, hub.paging.elsewhere = 1, "http://127.0.0.1:1"
    add(hub, 1, 2)
    assert numbers(shop) == [1]


def test_more_pages_than_anybody_has_are_told_and_not_taken_for_all(
    hub: Fake, shop: Repository
) -> None:
    hub.paging.most = 1
    add(hub, *range(1, 23))
    with pytest.raises(PlatformError, match="more than 2000 open pull requests"):
        numbers(shop)
    assert len(hub.seen) == 20


def test_one_pull_request_is_read_as_it_is_now(hub: Fake, shop: Repository) -> None:
    hub.state.add_pull(7, state="closed")
    event = github.pull_request(shop, 7)
    assert event.pull_request is not None
    assert not event.pull_request.is_open


@pytest.mark.parametrize(
    ("status", "headers", "minutes"),
    [
        (429, {"Retry-After": "120"}, 2),
        (403, {"Retry-After": "30"}, 1),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795392599"}, 10),
        (429, {}, 1),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"}, 60),
    ],
)
def test_github_is_left_alone_for_as_long_as_it_asks(
    hub: Fake, shop: Repository, status: int, headers: dict[str, str], minutes: int
) -> None:
    now = datetime.fromtimestamp(1795392000, UTC)
    other = Repository(full_name="acme/other", clone_url="https://github.com/acme/other")
    with time_machine.travel(now, tick=False) as clock:
        hub.faults.append(Fault(status, headers))
        with pytest.raises(PlatformError, match=f"asked again in {minutes} min"):
            numbers(shop)
        clock.shift(timedelta(minutes=minutes) - timedelta(seconds=40))
        with pytest.raises(PlatformError, match="asked again in 1 min"):
            numbers(other)
        assert len(hub.seen) == 1
        clock.shift(41)
        assert numbers(shop) == []


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "GitHub takes the token for acme/shop for invalid (401)."),
        (403, "GitHub refused GET /repos/acme/shop/pulls (403): no"),
        (404, "GitHub shows no /repos/acme/shop/pulls here (404)."),
        (301, "GitHub shows no /repos/acme/shop/pulls here (301)."),
        (502, "GitHub answered 502 about acme/shop."),
    ],
)
def test_a_refusal_says_what_to_do(hub: Fake, shop: Repository, status: int, message: str) -> None:
    hub.refuse("/pulls", status)
    with pytest.raises(PlatformError) as caught:
        numbers(shop)
    assert caught.value.message == message
    assert caught.value.hint or status == 502
    assert len(hub.seen) == 1


@pytest.mark.parametrize("body", [b"{", b"{}", b"[1]", b'[{"number": 1}]', b"<html>"])
def test_an_answer_that_github_would_not_give_is_told(
    hub: Fake, shop: Repository, body: bytes
) -> None:
    hub.faults.append(Fault(200, content=body))
    with pytest.raises(PlatformError, match="GitHub's answer about acme/shop cannot be read"):
        numbers(shop)


def test_no_answer_is_told(shop: Repository) -> None:
    product.forget()
    with (
        configured(github_api_url="http://127.0.0.1:1"),
        pytest.raises(PlatformError, match="GitHub was not reached"),
    ):
        numbers(shop)


@pytest.mark.parametrize(
    ("url", "is_home"),
    [
        ("https://github.com/acme/shop.git", True),
        ("https://github.com.evil.example/acme/shop", False),
        ("https://git.example.com/acme/shop", False),
        ("http://github.com/acme/shop", False),
        ("/srv/git/shop", False),
        ("file:///srv/git/shop", False),
    ],
)
def test_only_repositories_that_are_there_are_asked_for(url: str, is_home: bool) -> None:
    assert github.is_home_of(Repository(full_name=SHOP, clone_url=url)) == is_home

"""The client for GitHub's API, against a small GitHub on this machine."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import override_settings

from deployments.adapters import github
from deployments.adapters.github import limits, pulls, tokens, wire
from deployments.errors import PlatformError
from deployments.models import Repository
from tests import github as examples

pytestmark = pytest.mark.django_db
SHOP = "acme/shop"


@dataclass
class FakeGitHub:
    """As https://docs.github.com/en/rest/pulls/pulls tells it; its objects are GitHub's own."""

    pulls: list[dict[str, Any]] = field(default_factory=list)
    page: int = 100
    #: What every request is answered with instead: status and headers.
    refusal: tuple[int, dict[str, str]] | None = None
    body: bytes | None = None
    elsewhere: str = ""
    seen: list[tuple[str, dict[str, str], int]] = field(default_factory=list)
    address: str = ""

    def add(self, *numbers: int, **more: Any) -> None:
        for number in numbers:
            payload = examples.pull_request("opened", SHOP, f"b{number}", "a" * 40, number=number)
            self.pulls.append(payload["pull_request"] | more)

    @property
    def statuses(self) -> list[int]:
        return [status for *_, status in self.seen]

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if self.refusal is not None:
            return *self.refusal, b'{"message": "no"}'
        if self.body is not None:
            return 200, {}, self.body
        where, _, query = path.partition("?")
        if where == f"/api/repos/{SHOP}/pulls":
            return self._list(query, headers)
        number = int(where.rpartition("/")[2]) if where.rpartition("/")[2].isdecimal() else 0
        found = [pull for pull in self.pulls if pull["number"] == number]
        return (200, {}, json.dumps(found[0]).encode()) if found else (404, {}, b"{}")

    def _list(self, query: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        values = dict(part.split("=") for part in query.split("&"))
        assert (values["state"], values["per_page"]) == ("open", "100")
        number = int(values.get("page", "1"))
        found = [pull for pull in self.pulls if pull["state"] == "open"]
        part = found[(number - 1) * self.page : number * self.page]
        body = json.dumps(part).encode()
        etag = f'W/"{hash(body)}"'
        more: dict[str, str] = {"ETag": etag}
        if number * self.page < len(found):
            home = self.elsewhere or self.address
            following = f"{home}/repos/{SHOP}/pulls?state=open&per_page=100&page={number + 1}"
            more["Link"] = f'<{following}>; rel="next", <{following}>; rel="last"'
        if headers.get("If-None-Match") == etag:
            return 304, more, b""
        return 200, more, body


@pytest.fixture
def hub() -> Iterator[FakeGitHub]:
    fake = FakeGitHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = fake.answer(self.path, dict(self.headers))
            fake.seen.append((self.path, dict(self.headers), status))
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    forget()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        fake.address = f"http://127.0.0.1:{server.server_port}/api"
        with configured(github_api_url=fake.address, github_token="t0ken"):
            yield fake
        forget()
        server.shutdown()


def forget() -> None:
    for part in (limits, pulls, tokens):
        part.forget()
    wire.client().close()
    wire.client.cache_clear()


def configured(**more: Any) -> override_settings:
    return override_settings(EDAHA=settings.EDAHA.model_copy(update=more))


@pytest.fixture
def shop() -> Repository:
    return Repository(full_name=SHOP, clone_url=f"https://github.com/{SHOP}.git")


def numbers(shop: Repository) -> list[int]:
    found = github.open_pull_requests(shop)
    return [event.pull_request.number for event in found if event.pull_request]


def test_open_pull_requests_look_like_deliveries(hub: FakeGitHub, shop: Repository) -> None:
    hub.add(1, title="Docs [skip ci]", labels=[{"name": "x"}])
    (event,) = github.open_pull_requests(shop)
    assert (event.kind, event.branch, event.repository) == ("pull_request", "b1", SHOP)
    assert event.is_found
    assert event.skip_marker == "[skip ci]"
    assert event.pull_request is not None
    assert event.pull_request.labels == {"x"}
    assert event.pull_request.is_open
    assert not event.pull_request.is_fork


def test_what_is_asked_is_what_github_documents(hub: FakeGitHub, shop: Repository) -> None:
    numbers(shop)
    path, headers, _ = hub.seen[0]
    assert path == f"/api/repos/{SHOP}/pulls?state=open&per_page=100"
    assert headers["Authorization"] == "Bearer t0ken"
    assert headers["Accept"] == "application/vnd.github+json"
    assert headers["X-GitHub-Api-Version"] == "2022-11-28"


def test_every_page_is_read(hub: FakeGitHub, shop: Repository) -> None:
    hub.page = 2
    hub.add(*range(1, 6))
    assert numbers(shop) == [1, 2, 3, 4, 5]
    assert len(hub.seen) == 3


def test_an_unchanged_list_costs_nothing(hub: FakeGitHub, shop: Repository) -> None:
    hub.page = 2
    hub.add(1, 2, 3)
    assert numbers(shop) == numbers(shop) == [1, 2, 3]
    assert hub.statuses == [200, 200, 304, 304]
    hub.pulls[0]["title"] = "Better"
    numbers(shop)
    assert hub.statuses[4:] == [200, 304]


def test_the_token_goes_nowhere_else(hub: FakeGitHub, shop: Repository) -> None:
    hub.page, hub.elsewhere = 1, "http://127.0.0.1:1"
    hub.add(1, 2)
    assert numbers(shop) == [1]


def test_more_pages_than_anybody_has_are_told_and_not_taken_for_all(
    hub: FakeGitHub, shop: Repository
) -> None:
    hub.page = 1
    hub.add(*range(1, 23))
    with pytest.raises(PlatformError, match="more than 2000 open pull requests"):
        numbers(shop)
    assert len(hub.seen) == 20


def test_one_pull_request_is_read_as_it_is_now(hub: FakeGitHub, shop: Repository) -> None:
    hub.add(7, state="closed")
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
    hub: FakeGitHub, shop: Repository, status: int, headers: dict[str, str], minutes: int
) -> None:
    now = datetime.fromtimestamp(1795392000, UTC)
    other = Repository(full_name="acme/other", clone_url="https://github.com/acme/other")
    with time_machine.travel(now, tick=False) as clock:
        hub.refusal = (status, headers)
        with pytest.raises(PlatformError, match=f"asked again in {minutes} min"):
            numbers(shop)
        hub.refusal = None
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
def test_a_refusal_says_what_to_do(
    hub: FakeGitHub, shop: Repository, status: int, message: str
) -> None:
    hub.refusal = (status, {})
    with pytest.raises(PlatformError) as caught:
        numbers(shop)
    assert caught.value.message == message
    assert caught.value.hint or status == 502
    assert len(hub.seen) == 1


@pytest.mark.parametrize("body", [b"{", b"{}", b"[1]", b'[{"number": 1}]', b"<html>"])
def test_an_answer_that_github_would_not_give_is_told(
    hub: FakeGitHub, shop: Repository, body: bytes
) -> None:
    hub.body = body
    with pytest.raises(PlatformError, match="GitHub's answer about acme/shop cannot be read"):
        numbers(shop)


def test_no_answer_is_told(shop: Repository) -> None:
    with (
        configured(github_api_url="http://127.0.0.1:1"),
        pytest.raises(PlatformError, match="GitHub was not reached"),
    ):
        numbers(shop)
    forget()


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

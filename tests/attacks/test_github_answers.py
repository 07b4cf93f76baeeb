"""Answers of whoever has taken over a GitHub Enterprise Server, or the way to it."""

import gzip
from typing import Any

import pytest

from deployments.adapters import github
from deployments.adapters.github import hooks, pulls, wire
from deployments.errors import PlatformError
from deployments.models import Repository
from tests.github.fake import ALWAYS, Fake, Fault
from tests.github_app.conftest import clock, hub, shop

__all__ = ["clock", "hub", "shop"]

PULL = "GET /repos/acme/shop/pulls/5"


def test_endless_answer_is_not_read_to_its_end(
    hub: Fake, shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its size is what somebody else chose."""
    monkeypatch.setattr(wire, "ANSWER_MAX", 1024 * 1024)
    read = 0

    def endless() -> Any:
        nonlocal read
        for _ in range(10_000):
            read += 64 * 1024
            yield b" " * 64 * 1024

    hub.faults.append(Fault(200, content=endless(), matching=PULL))
    with pytest.raises(PlatformError, match="larger than 1 MB"):
        github.request(shop, "GET", "/pulls/5")
    assert read < 2 * 1024 * 1024


def test_urllib3_cve_2025_66471_a_bomb_is_measured_unpacked(
    hub: Fake, shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "ANSWER_MAX", 1024 * 1024)
    bomb = gzip.compress(b" " * 8 * 1024 * 1024)
    assert len(bomb) < 10_000
    hub.faults.append(Fault(200, {"Content-Encoding": "gzip"}, content=bomb, matching=PULL))
    with pytest.raises(PlatformError, match="larger than 1 MB"):
        github.request(shop, "GET", "/pulls/5")


def test_apache_cve_2007_6750_an_answer_that_drips_is_left(
    hub: Fake, shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes within the time for one; the whole would never be there."""
    monkeypatch.setattr(wire, "ANSWER_SECONDS", -1.0)
    hub.refuse(PULL, 200, {"ok": True})
    with pytest.raises(PlatformError, match="took longer than"):
        github.request(shop, "GET", "/pulls/5")


def test_what_was_unpacked_reads_as_it_was_meant(hub: Fake, shop: Repository) -> None:
    content = gzip.compress('{"title": "é"}'.encode())
    headers = {"Content-Encoding": "gzip", "ETag": '"x"'}
    hub.faults.append(Fault(200, headers, content=content, matching=PULL))
    answer = github.request(shop, "GET", "/pulls/5")
    assert answer.json() == {"title": "é"}
    assert answer.headers["ETag"] == '"x"'


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_requests_cve_2018_18074_no_redirect_takes_the_token_elsewhere(
    hub: Fake, shop: Repository, status: int
) -> None:
    hub.refuse(PULL, status, Location="https://evil.example.com/steal")
    with pytest.raises(PlatformError):
        github.request(shop, "GET", "/pulls/5")
    assert {each.path for each in hub.seen if each.token.startswith("ghs_")} == {
        "/repos/acme/shop/pulls/5"
    }


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example.com/repos/acme/shop/pulls?page=2",
        "https://api.github.com.evil.example.com/repos/acme/shop/pulls?page=2",
        "https://api.github.com@evil.example.com/?page=2",
        "//evil.example.com/?page=2",
        "https://api.github.com/../../evil/pulls?page=2",
    ],
)
def test_hostile_link_header_no_next_page_takes_the_token_elsewhere(
    hub: Fake, shop: Repository, following: str
) -> None:
    """Whatever goes elsewhere is a fault at the end, by the fake."""
    link = {"Link": f'<{following}>; rel="next"'}
    hub.faults.append(Fault(200, link, body=[], matching="/pulls", times=ALWAYS))
    try:
        assert pulls.open_pull_requests(shop) == []
    except PlatformError as problem:
        assert "leads elsewhere" in problem.message
    assert hub.count("GET /repos/acme/shop/pulls") == 1


def test_endless_pages_of_nothing_are_left(hub: Fake) -> None:
    """Each page is empty, and says that there is another one."""
    link = {"Link": '<https://api.github.com/app/hook/deliveries?cursor=v1>; rel="next"'}
    hub.faults.append(Fault(200, link, body=[], matching="/deliveries", times=50))
    hook = hooks.app_hook()
    assert hook is not None
    assert list(hook.attempts(None)) == []
    assert hub.count("GET /app/hook/deliveries") == 1


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (429, {"Retry-After": "9" * 5000}),
        (200, {"X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "1",
               "X-RateLimit-Reset": "9" * 5000}),
    ],
)  # fmt: skip
def test_python_cve_2020_10735_a_header_of_thousands_of_digits_is_no_number(
    hub: Fake, shop: Repository, status: int, headers: dict[str, str]
) -> None:
    """int() of it raised ValueError, which nobody expected, in whatever was under way."""
    hub.faults.append(Fault(status, headers, body={"ok": True}, matching=PULL))
    try:
        assert github.request(shop, "GET", "/pulls/5").json() == {"ok": True}
    except PlatformError as problem:
        assert "rate limit" in problem.message


def test_path_confusion_no_name_in_a_path_leads_to_another_repository(
    hub: Fake, shop: Repository
) -> None:
    for path in ("/../../victim/private", "/issues/../../../victim/private", "/./x", "/.."):
        with pytest.raises(PlatformError, match="leads elsewhere"):
            github.request(shop, "GET", path)
    assert not any("victim" in each.path for each in hub.seen)

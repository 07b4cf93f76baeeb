"""Where Edaha sends to, and where it does not, whatever a name means at which moment."""

import socket
from typing import Any

import httpcore
import pytest

from deployments.adapters import callout
from tests.reconcile.test_github import configured

from .receiver import Receiver

INSIDE = (
    "127.0.0.1 10.0.0.1 172.16.3.4 192.168.0.1 169.254.169.254 169.254.170.2 100.64.0.1 0.0.0.0 "
    "224.0.0.1 240.0.0.1 255.255.255.255 198.18.0.1 192.0.2.1 ::1 :: fe80::1 fe80::1%eth0 fc00::1 "
    "fd00:ec2::254 ff02::1 ::ffff:169.254.169.254 ::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::a9fe:a9fe "
    "2002:a9fe:a9fe::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:db8::1 fec0::1"
).split()


def resolve(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Each question for a name is answered by the next list; returns what was asked for."""
    asked: list[str] = []
    waiting = list(answers)

    def answered(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        asked.append(host)
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", answered)
    return asked


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_allowed(address: str) -> None:
    assert not callout.is_allowed(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "140.82.121.4", "2606:4700::1111"])
def test_an_address_of_the_internet_is_allowed(address: str) -> None:
    assert callout.is_allowed(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "https://", "",
        "https://a:b@example.com/", "https://example.com:99999/", "https://exa mple.com/",
        "https:x", "https://example.com/\r\nX: y", "https://example.com:0/", "https://[::1",
    ],
)  # fmt: skip
def test_what_is_no_public_url_is_told(url: str) -> None:
    assert callout.problem_of(url)
    assert callout.post(url, {}, b"").status is None


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "0177.0.0.1", "127.1"]
)
def test_no_way_of_writing_it_leads_inside(host: str) -> None:
    with configured(outgoing_private=False):
        answer = callout.post(f"https://{host}:1/", {}, b"")
    assert answer.status is None
    assert "private network" in answer.problem or "not known" in answer.problem


def test_one_private_address_among_public_ones_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve(monkeypatch, ["1.1.1.1", "10.0.0.1"])
    assert "private network" in callout.post("https://example.com/", {}, b"").problem


def test_a_name_that_is_rebound_leads_to_what_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second answer would lead to the metadata of the machine: nobody asks for it."""
    asked = resolve(monkeypatch, ["1.1.1.1"], ["169.254.169.254"])
    connected: list[str] = []

    def connect(self: object, host: str, *args: Any, **more: Any) -> None:
        connected.append(host)
        raise httpcore.ConnectError("nobody there")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    assert "nobody there" in callout.post("https://example.com/", {}, b"").problem
    assert (asked, connected) == (["example.com"], ["1.1.1.1"])
    assert "private network" in callout.post("https://example.com/", {}, b"").problem
    assert connected == ["1.1.1.1"]


def test_who_never_answers_is_left(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    monkeypatch.setattr(callout, "_SECONDS", 0.3)
    server = socket.create_server(("127.0.0.1", 0))
    with server, configured(outgoing_private=True):
        port = server.getsockname()[1]
        answer = callout.post(f"http://127.0.0.1:{port}/", {}, b"{}")
    assert answer.problem.startswith("No answer within")
    assert answer.milliseconds < 3000


def test_with_the_operators_word_it_may_lead_inside(receiver: Receiver) -> None:
    assert callout.post(receiver.url, {"x-a": "b"}, b"{}").status == 200
    assert receiver.received[0].headers["x-a"] == "b"

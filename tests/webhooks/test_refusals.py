"""What is not taken, and what the sender is told."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connections
from pytest_django import Settings

from dashboard.webhooks import keyring, receiver, writer
from dashboard.webhooks.request import Body
from deployments.models import Delivery, Repository
from deployments.secrets import key_id, key_ids_for

from .conftest import SECRET, Message, Request, Webhook, set_config, signed


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    assert Body.held_by_all == 0


def _repository(name: str = "acme/shop", **secrets: str) -> Repository:
    return Repository.objects.create(full_name=name, clone_url="https://x/y", **secrets)


def test_each_secret_in_force_is_good_and_leaves_its_name(
    webhook: Webhook, settings: Settings
) -> None:
    set_config(settings, webhook_secret="now", webhook_secret_previous="before")
    shop = _repository(webhook_secret="shop now", webhook_secret_previous="shop before")
    other = _repository("acme/other", webhook_secret="other now")
    for secret in ("now", "before", "shop now", "shop before", "other now"):
        assert webhook.post(signed(secret=secret)).status == 202
        assert Delivery.objects.latest("id").key_id == key_id(secret)
    assert key_ids_for(shop) == {key_id(s) for s in ("now", "before", "shop now", "shop before")}
    assert key_ids_for(other) == {key_id(s) for s in ("now", "before", "other now")}


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        "sha256=" + "é" * 64,
        "sha1=" + "0" * 40,
        hmac.new(SECRET.encode(), b"another body", hashlib.sha256).hexdigest(),
        "sha256=" + hmac.new(SECRET.encode(), b"another body", hashlib.sha256).hexdigest(),
    ],
)
def test_without_a_good_signature_it_says_what_to_check(
    webhook: Webhook, signature: str | None
) -> None:
    request = signed().without("X-Hub-Signature-256")
    if signature is not None:
        request.having(X_Hub_Signature_256=signature)
    answer = webhook.post(request)
    assert answer.status == 401
    assert answer.headers[b"content-type"] == b"application/problem+json"
    assert "secret" in answer.json["hint"]
    assert not Delivery.objects.exists()


def test_one_changed_byte_breaks_the_signature(webhook: Webhook) -> None:
    request = signed(b'{"a": 1}')
    request.body = [b'{"a": 2}']
    assert webhook.post(request).status == 401


@pytest.mark.parametrize("guess", ["", "None", "null"])
def test_where_no_secret_is_set_nothing_is_accepted(
    webhook: Webhook, settings: Settings, guess: str
) -> None:
    set_config(settings, webhook_secret="")
    _repository()
    assert webhook.post(signed(secret=guess)).status == 401
    assert not Delivery.objects.exists()


def test_a_secret_works_soon_after_it_was_set_and_no_longer_than_that(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "MAX_AGE", 0.05)
    assert webhook.post(signed(secret="new")).status == 401
    shop = _repository(webhook_secret="new")
    time.sleep(0.1)
    assert webhook.post(signed(secret="new")).status == 202
    shop.delete()
    time.sleep(0.1)
    assert webhook.post(signed(secret="new")).status == 401


def test_secrets_are_asked_for_once_however_many_requests_come(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    load = keyring.load_keys

    def counting() -> Any:
        calls.append(1)
        return load()

    monkeypatch.setattr(keyring, "load_keys", counting)
    webhook.post_together([signed() for _ in range(100)])
    assert len(calls) == 1


def test_a_large_body_is_checked_against_every_secret_as_well(webhook: Webhook) -> None:
    for number in range(3):
        _repository(f"acme/shop-{number}", webhook_secret=f"secret {number}")
    large = b'{"text": "%s"}' % (b"x" * 600_000)
    assert webhook.post(signed(large, secret="secret 1")).status == 202
    assert webhook.post(signed(large, secret="secret 3")).status == 401


@pytest.mark.parametrize(
    "guid",
    [None, "", "1", "x" * 36, "g" * 32, "0" * 65, "0" * 100_000, "00000000-0000", "a' OR '1'='1"],
)
def test_an_odd_guid_is_refused_before_the_body_is_read(webhook: Webhook, guid: str | None) -> None:
    request = signed().without("X-GitHub-Delivery")
    if guid is not None:
        request.having(X_GitHub_Delivery=guid)
    _assert_refused_unread(webhook, request, 400, "X-GitHub-Delivery")


@pytest.mark.parametrize("event", [None, "", "Push", "push\n", "push event", "x" * 65, "é"])
def test_an_odd_event_is_refused_before_the_body_is_read(
    webhook: Webhook, event: str | None
) -> None:
    request = signed().without("X-GitHub-Event")
    if event is not None:
        request.having(X_GitHub_Event=event)
    _assert_refused_unread(webhook, request, 400, "X-GitHub-Event")


def test_another_content_type_is_refused(webhook: Webhook) -> None:
    _assert_refused_unread(webhook, signed().having(Content_Type="text/xml"), 415, "content type")


@pytest.mark.parametrize("length", ["1001", "99999999999999999999", "-1", "1_0", "x"])
def test_a_body_that_says_it_is_too_large_is_never_read(
    webhook: Webhook, settings: Settings, length: str
) -> None:
    with _limit(webhook, 1000):
        request = signed().having(Content_Length=length)
        _assert_refused_unread(webhook, request, 413, "larger than 1,000 bytes")


def test_a_body_that_grows_too_large_is_read_no_further(webhook: Webhook) -> None:
    request = signed()
    request.body = [b"x" * 400] * 1000
    with _limit(webhook, 1000):
        assert webhook.post(request).status == 413
    assert not Delivery.objects.exists()


def test_many_large_bodies_at_once_are_told_to_come_later(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Body, "HELD_MAX", 10)
    answer = webhook.post(signed())
    assert (answer.status, answer.headers[b"retry-after"]) == (503, b"30")


MALFORMED = {
    "empty": b"",
    "cut off": b'{"a": [1, 2',
    "a list": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "a NUL character": b'{"a": "\x00"}',
    "NaN": b'{"a": NaN}',
    "two values": b"{} {}",
    "nested too deeply": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "brackets without end": b"[" * 1_000_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_payload_is_refused_though_it_is_signed(webhook: Webhook, body: bytes) -> None:
    answer = webhook.post(signed(body))
    assert answer.status == 400
    assert "JSON" in answer.json["detail"]
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("body", [b"", b"other=1", b"payload={}&payload={}", b"a=b&" * 1000])
def test_a_form_needs_one_payload(webhook: Webhook, body: bytes) -> None:
    request = signed(body).having(Content_Type="application/x-www-form-urlencoded")
    answer = webhook.post(request)
    assert (answer.status, "payload" in answer.json["detail"]) == (400, True)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_another_method_is_told_the_right_one(webhook: Webhook, method: str) -> None:
    request = signed()
    request.method = method
    answer = webhook.post(request)
    assert (answer.status, answer.headers[b"allow"]) == (405, b"POST")
    assert bool(answer.body) == (method != "HEAD")


def test_while_the_database_is_away_nothing_is_accepted_and_then_it_is(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> Any:
        raise OperationalError("no connection")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "insert", away)
        answers = webhook.post_together([signed() for _ in range(5)])
        assert {answer.status for answer in answers} == {503}
        assert {answer.headers[b"retry-after"] for answer in answers} == {b"30"}
    assert webhook.heard == []
    assert webhook.post(signed()).status == 202


def test_an_error_of_our_own_is_no_acceptance_either(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(writer, "insert", lambda *_: 1 / 0)
        assert webhook.post(signed()).status == 503
    assert webhook.post(signed()).status == 202


def _hang(*_: object) -> dict[str, int]:
    time.sleep(0.4)
    return {}


def test_a_database_that_hangs_is_not_waited_for(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "DEADLINE", 0.1)
    monkeypatch.setattr(writer, "insert", _hang)
    started = time.monotonic()
    assert webhook.post(signed()).status == 503
    assert time.monotonic() - started < 0.4


def test_while_secrets_cannot_be_read_it_is_the_databases_fault(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Any:
        raise OperationalError("no connection")

    monkeypatch.setattr(keyring, "load_keys", away)
    assert webhook.post(signed()).status == 503


def test_a_body_that_comes_too_slowly_is_given_up(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Body, "DEADLINE", 0.1)

    async def slowly() -> Message:
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": b"x", "more_body": True}

    assert webhook.run(webhook.ask(signed(), slowly)).status == 408


def test_a_client_that_goes_away_leaves_nothing_behind(webhook: Webhook) -> None:
    messages: Iterator[Message] = iter(
        [
            {"type": "http.request", "body": b"x" * 1000, "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def gone() -> Message:
        return next(messages)

    answer = webhook.run(webhook.ask(signed(), gone))
    assert answer.status == 0
    assert not Delivery.objects.exists()


def _assert_refused_unread(webhook: Webhook, request: Request, status: int, said: str) -> None:
    async def never() -> Message:
        raise AssertionError("the body was read")

    answer = webhook.run(webhook.ask(request, never))
    assert answer.status == status
    assert said in answer.json["detail"]
    assert not Delivery.objects.exists()


@contextmanager
def _limit(webhook: Webhook, max_bytes: int) -> Iterator[None]:
    webhook.receiver._max_bytes = max_bytes
    yield


def test_no_connection_of_a_thread_stays_open(webhook: Webhook) -> None:
    webhook.post(signed())
    webhook.shut_down()
    connections["default"].close()

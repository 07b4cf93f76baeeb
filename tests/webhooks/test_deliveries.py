"""What becomes of a delivery that is as it should be."""

import time
import uuid
from urllib.parse import urlencode

import pytest
from django.db import connections
from django.utils import timezone

from dashboard.webhooks import writer
from dashboard.webhooks.insert import insert as insert_rows
from dashboard.webhooks.request import Body
from deployments.adapters import wakeups
from deployments.models import Delivery
from deployments.secrets import key_id
from tests import github

from .conftest import SECRET, Request, Webhook, signed


def test_a_delivery_is_a_row_before_it_is_answered(webhook: Webhook) -> None:
    request = signed(event="pull_request")
    before = timezone.now()
    answer = webhook.post(request)
    guid = request.headers["X-GitHub-Delivery"]
    assert (answer.status, answer.json) == (202, {"delivery": guid, "status": "accepted"})
    row = Delivery.objects.get()
    assert (row.guid, row.event, row.state) == (guid, "pull_request", "pending")
    assert bytes(row.payload) == request.body[0]
    assert row.key_id == key_id(SECRET)
    assert before <= row.received_at <= timezone.now()
    assert (row.action, row.decision, row.attempts, row.due_at) == ("", "", 0, None)
    assert (row.repository, row.branch, row.decided_at) == (None, None, None)


@pytest.mark.parametrize("event", sorted({name.partition(".")[0] for name in github.examples()}))
def test_every_event_of_githubs_own_examples_is_taken(webhook: Webhook, event: str) -> None:
    payload = next(v for name, v in github.examples().items() if name.partition(".")[0] == event)
    assert webhook.post(signed(payload, event=event)).status == 202
    assert Delivery.objects.get().event == event


def test_a_repeated_guid_is_answered_200_and_does_nothing(webhook: Webhook) -> None:
    request = signed()
    webhook.post(request)
    row = Delivery.objects.values().get()
    again = signed(b'{"other": "payload"}', guid=request.headers["X-GitHub-Delivery"].upper())
    answer = webhook.post(again)
    assert (answer.status, answer.json["status"]) == (200, "duplicate")
    assert Delivery.objects.values().get() == row


def test_of_equal_guids_at_the_same_time_exactly_one_is_accepted(webhook: Webhook) -> None:
    guid = str(uuid.uuid4())
    answers = webhook.post_together([signed(guid=guid) for _ in range(100)])
    assert sorted(answer.status for answer in answers) == [200] * 99 + [202]
    assert Delivery.objects.count() == 1


def test_deliveries_at_the_same_time_share_a_few_statements(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[int] = []
    insert = insert_rows

    def counting(connection: object, rows: list[object]) -> dict[str, int]:
        statements.append(len(rows))
        time.sleep(0.02)
        return insert(connection, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(writer, "insert", counting)
    answers = webhook.post_together([signed() for _ in range(1200)])
    assert {answer.status for answer in answers} == {202}
    assert Delivery.objects.count() == sum(statements) == 1200
    # Forty in one and more: how many depends on the machine.
    assert len(statements) <= 30
    assert max(statements) <= 500


def test_a_form_with_the_payload_in_it_is_taken_too(webhook: Webhook) -> None:
    payload = b'{"zen": "caf\xc3\xa9 & more=less"}'
    body = urlencode({"payload": payload}).encode()
    request = signed(body).having(Content_Type="application/x-www-form-urlencoded")
    assert webhook.post(request).status == 202
    assert bytes(Delivery.objects.get().payload) == payload


def test_a_body_may_come_in_many_pieces(webhook: Webhook) -> None:
    request = signed()
    whole = request.body[0]
    request.body = [whole[i : i + 7] for i in range(0, len(whole), 7)]
    assert webhook.post(request).status == 202
    assert bytes(Delivery.objects.get().payload) == whole


def test_workers_and_pages_hear_of_it_once_for_many(webhook: Webhook) -> None:
    webhook.post_together([signed() for _ in range(50)])
    newest = Delivery.objects.latest("id").pk
    _wait_for(lambda: {"delivery": newest} in webhook.heard)
    assert (wakeups.DECIDE,) in webhook.heard
    assert len(webhook.heard) <= 8


def test_nobody_is_woken_for_a_repeated_guid(webhook: Webhook) -> None:
    request = signed()
    webhook.post(request)
    _wait_for(lambda: len(webhook.heard) == 2)
    webhook.post(request)
    time.sleep(0.3)
    assert len(webhook.heard) == 2


def test_a_redis_that_never_answers_delays_nothing(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "wake", lambda *_: time.sleep(1))
    started = time.monotonic()
    assert [webhook.post(signed()).status for _ in range(20)] == [202] * 20
    assert time.monotonic() - started < 1


def test_a_server_that_shuts_down_says_what_was_not_said_yet(webhook: Webhook) -> None:
    webhook.post(signed())
    webhook.post(signed())
    assert webhook.shut_down() == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert {"delivery": Delivery.objects.latest("id").pk} in webhook.heard


def test_other_addresses_go_to_the_application_behind(webhook: Webhook) -> None:
    for path in ("/", "/webhooks", "/webhooks/github/extra", "/webhooks/gitlab"):
        answer = webhook.post(Request({}, [], path=path))
        assert (answer.status, answer.body) == (299, path.encode())


def test_a_database_that_was_restarted_in_between_is_asked_again(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook.post(signed())
    insert = insert_rows
    attempts: list[object] = []

    def broken_once(connection: object, rows: list[object]) -> dict[str, int]:
        attempts.append(connection)
        if len(attempts) == 1:
            raise connections["default"].Database.OperationalError  # type: ignore[attr-defined]
        return insert(connection, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(writer, "OperationalError", Exception)
    monkeypatch.setattr(writer, "insert", broken_once)
    assert webhook.post(signed()).status == 202
    assert (len(attempts), Delivery.objects.count()) == (2, 2)


def test_nothing_is_held_in_memory_afterwards(webhook: Webhook) -> None:
    webhook.post_together([signed() for _ in range(20)])
    webhook.post(signed(secret="wrong"))
    assert Body.held_by_all == 0


def _wait_for(condition: object) -> None:
    deadline = time.monotonic() + 5
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)

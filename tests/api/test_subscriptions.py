"""Who else hears of previews: told, changed, tried and ended by the API."""

from typing import Any

import pytest

from deployments.models import Attempt, AuditEntry, Notice, Subscription
from tests.dashboard.rows import a_repository

from .conftest import Caller

NEW = {
    "name": "CI",
    "address": "https://ci.example.com/hook",
    "events": ["preview.ready", "preview.failed"],
}
SLACK_URL = "https://hooks.slack.com/services/T0/B0/s3cr3t"
SLACK = {"name": "Team", "kind": "slack", "secret": SLACK_URL, "events": ["preview.failed"]}


@pytest.fixture
def admin(db: None) -> Caller:
    return Caller("admin")


def made(admin: Caller, wish: dict[str, Any] = NEW) -> Subscription:
    answer = admin("POST", "/subscriptions", json=wish)
    assert answer.status_code == 201, answer.content
    return Subscription.objects.get(pk=answer.json()["id"])


def test_a_webhooks_secret_is_told_once(admin: Caller) -> None:
    answer = admin("POST", "/subscriptions", json=NEW).json()
    row = Subscription.objects.get()
    assert answer == {"id": row.pk, "secret": row.secret()}
    told = admin("GET", f"/subscriptions/{row.pk}")
    assert admin("GET", "/subscriptions").json() == [told.json()]
    assert row.secret() not in told.content.decode()
    assert told.json()["created_by"] == "a admin (API)"
    again = admin("POST", f"/subscriptions/{row.pk}/secret").json()
    row.refresh_from_db()
    assert row.secret() == again["secret"] != answer["secret"]
    acts = AuditEntry.objects.filter(action__startswith="subscription.").values_list("action")
    assert set(acts) == {("subscription.add",), ("subscription.rotate",)}


def test_slacks_secret_is_written_and_never_read(admin: Caller) -> None:
    row = made(admin, SLACK)
    assert row.secret() == SLACK_URL
    path = f"/subscriptions/{row.pk}"
    assert b"s3cr3t" not in admin("GET", path).content
    assert admin("POST", f"{path}/secret").status_code == 409
    changed = admin("PATCH", path, json={"name": "Everybody"})
    assert (changed.status_code, changed.json()["name"]) == (200, "Everybody")
    assert Subscription.objects.get().secret() == SLACK_URL
    admin("PATCH", path, json={"secret": f"{SLACK_URL}2"})
    assert Subscription.objects.get().secret() == f"{SLACK_URL}2"


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (NEW | {"address": "http://example.com/"}, "body.address"),
        (NEW | {"events": ["preview.everything"]}, "body.events"),
        (NEW | {"events": []}, "body.events"),
        (NEW | {"kind": "pigeon"}, "body.kind"),
        (NEW | {"repositories": [99]}, "body.repositories"),
        (SLACK | {"secret": "https://evil.example.com/"}, "body.secret"),
        (SLACK | {"secret": "xoxb-1-2"}, "body.channel"),
    ],
)
def test_what_is_wrong_is_told_by_field(admin: Caller, wish: dict[str, Any], field: str) -> None:
    answer = admin("POST", "/subscriptions", json=wish)
    assert answer.status_code == 422
    assert [each["where"] for each in answer.json()["errors"]] == [field]
    assert not Subscription.objects.exists()


def test_a_change_leaves_alone_what_it_does_not_name(admin: Caller) -> None:
    repository = a_repository()
    row = made(admin, NEW | {"repositories": [repository.pk]})
    Subscription.objects.update(is_enabled=False, failures=9, disabled_because="It never answered.")
    told = admin("PATCH", f"/subscriptions/{row.pk}", json={"is_enabled": True}).json()
    assert told["repositories"] == [repository.pk]
    assert told["events"] == NEW["events"]
    assert (told["is_enabled"], told["failures"], told["disabled_because"]) == (True, 0, "")
    entry = AuditEntry.objects.get(action="subscription.change")
    assert (entry.before["is_enabled"], entry.after["is_enabled"]) == (False, True)
    refused = admin("PATCH", f"/subscriptions/{row.pk}", json={"address": "ftp://x"})
    assert refused.status_code == 422
    assert Subscription.objects.get().address == NEW["address"]


def test_a_test_is_sent_and_its_notice_tells_how_it_went(admin: Caller) -> None:
    row = made(admin)
    sent = admin("POST", f"/subscriptions/{row.pk}/tests")
    assert (sent.status_code, sent.json()["state"]) == (202, "waiting")
    notice = Notice.objects.get(pk=sent.json()["id"])
    Attempt.objects.create(notice=notice, status=500, answer="no", problem="It answered 500.")
    Notice.objects.update(state=Notice.State.GIVEN_UP)
    (told,) = admin("GET", f"/subscriptions/{row.pk}/notices").json()
    assert told["tries"][0]["status"] == 500
    again = admin("POST", f"/notices/{notice.pk}/repetition")
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    assert again.json()["message_id"] == notice.message_id


def test_nothing_is_sent_to_who_is_turned_off(admin: Caller) -> None:
    row = made(admin, NEW | {"is_enabled": False})
    notice = Notice.objects.create(subscription=row, event="preview.ready")
    for path in (f"/subscriptions/{row.pk}/tests", f"/notices/{notice.pk}/repetition"):
        answer = admin("POST", path)
        assert (answer.status_code, answer.json()["hint"]) == (409, "Turn it on first.")
    assert Notice.objects.count() == 1


def test_one_that_is_removed_hears_of_nothing(admin: Caller) -> None:
    path = f"/subscriptions/{made(admin).pk}"
    assert admin("DELETE", path).status_code == 204
    assert admin("GET", path).status_code == 404
    assert AuditEntry.objects.filter(action="subscription.remove").exists()


def test_they_are_for_administrators_of_everything(deployer: Caller, admin: Caller) -> None:
    path = f"/subscriptions/{made(admin).pk}"
    for method, where in (("GET", path), ("DELETE", path), ("GET", "/subscriptions")):
        assert deployer(method, where).status_code == 403

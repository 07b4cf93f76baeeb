"""Subscriptions, as administrators use them."""

import re
from typing import Any

import pytest
from django.test import Client

from deployments import subscribers
from deployments.models import AuditEntry, Branch, Notice, Subscription
from tests.dashboard.rows import a_person
from tests.reports.moving import go_live, wish

from .receiver import Receiver

WEBHOOK = {
    "name": "CI",
    "kind": "webhook",
    "address": "https://ci.example.com/hook",
    "events": ["preview.ready", "preview.failed"],
    "is_enabled": "on",
}
SLACK_URL = "https://hooks.slack.com/services/T0/B0/s3cr3t"
SLACK = WEBHOOK | {"kind": "slack", "address": "", "secret": SLACK_URL}


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(a_person("admin", "root"))
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_webhooks_secret_is_shown_once(admin: Client) -> None:
    made = admin.post("/subscriptions/add", WEBHOOK, follow=True)
    secret = re.search(r"<code>(whsec_[^<]+)</code>", text(made))
    assert secret
    subscription = Subscription.objects.get()
    assert subscription.secret() == secret[1] and secret[1] not in subscription.sealed
    address = f"/subscriptions/{subscription.pk}"
    assert secret[1] not in text(admin.get(address))
    rotated = admin.post(f"{address}/secret", follow=True)
    assert Subscription.objects.get().secret() in text(rotated)
    assert Subscription.objects.get().secret() != secret[1]
    assert Subscription.objects.get().signing_secrets()[1] == secret[1]
    assert "signs beside the new one until" in text(rotated)
    assert secret[1] not in text(rotated)
    acts = AuditEntry.objects.filter(action__startswith="subscription.")
    assert [entry.action for entry in acts] == ["subscription.rotate", "subscription.add"]
    assert not any(secret[1] in str(vars(entry)) for entry in acts)


def test_slacks_url_is_never_shown(admin: Client) -> None:
    admin.post("/subscriptions/add", SLACK)
    subscription = Subscription.objects.get()
    assert subscription.secret() == SLACK_URL
    for path in ("", f"/{subscription.pk}", f"/{subscription.pk}/edit"):
        assert "s3cr3t" not in text(admin.get(f"/subscriptions{path}"))
    kept = SLACK | {"name": "Team", "secret": ""}
    admin.post(f"/subscriptions/{subscription.pk}/edit", kept)
    subscription.refresh_from_db()
    assert (subscription.name, subscription.secret()) == ("Team", SLACK_URL)


def test_a_bot_keeps_its_channel(admin: Client) -> None:
    bot = SLACK | {"secret": "xoxb-1-2", "channel": "#previews"}
    admin.post("/subscriptions/add", bot)
    address = f"/subscriptions/{Subscription.objects.get().pk}/edit"
    answer: Any = admin.post(address, SLACK | {"secret": "", "channel": ""})
    assert list(answer.context["form"].errors) == ["channel"]
    assert Subscription.objects.get().channel == "#previews"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (WEBHOOK | {"address": "http://example.com/"}, "address"),
        (WEBHOOK | {"address": ""}, "address"),
        (WEBHOOK | {"address": "https://user:pw@example.com/"}, "address"),
        (WEBHOOK | {"name": ""}, "name"),
        (WEBHOOK | {"events": []}, "events"),
        (WEBHOOK | {"events": ["preview.everything"]}, "events"),
        (WEBHOOK | {"kind": "pigeon"}, "kind"),
        (SLACK | {"secret": "https://evil.example.com/"}, "secret"),
        (SLACK | {"secret": ""}, "secret"),
        (SLACK | {"secret": "xoxb-1-2"}, "channel"),
        (SLACK | {"secret": "xoxb-1-2", "channel": "<!here>"}, "channel"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    admin: Client, form: dict[str, Any], field: str
) -> None:
    answer: Any = admin.post("/subscriptions/add", form)
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert not Subscription.objects.exists()


def test_the_log_shows_requests_and_answers_and_sends_again(
    admin: Client, receiver: Receiver, hook: Subscription, branch: Branch
) -> None:
    receiver.answer(500, b"<b>broken</b>")
    go_live(wish(branch))
    subscribers.deliver(hook.pk)
    address = f"/subscriptions/{hook.pk}"
    page = text(admin.get(address))
    assert "&lt;b&gt;broken&lt;/b&gt;" in page and "webhook-signature: v1," in page
    assert "A &lt;b&gt;new&lt;/b&gt; &amp; fine page" in page
    assert "failing since" in text(admin.get("/subscriptions"))
    receiver.answer(200)
    Subscription.objects.update(due_at=None)
    subscribers.deliver(hook.pk)
    admin.post(f"{address}/notices/{Notice.objects.get().pk}")
    admin.post(f"{address}/test")
    subscribers.deliver(hook.pk)
    ids = [each.headers["webhook-id"] for each in receiver.received]
    assert len(ids) == 4 and len(set(ids)) == 2
    assert '"type":"edaha.test"' in receiver.received[-1].body


def test_a_tests_answer_is_shown(admin: Client, receiver: Receiver, hook: Subscription) -> None:
    receiver.answer(403, b"<i>who are you?</i>")
    address = f"/subscriptions/{hook.pk}"
    on_its_way = text(admin.post(f"{address}/test", follow=True))
    assert "A test is on its way." in on_its_way and 'hx-trigger="every 2s"' in on_its_way
    subscribers.deliver(hook.pk)
    refused = text(admin.get(address))
    assert "The test was not taken. It was answered with 403." in refused
    assert refused.count("&lt;i&gt;who are you?&lt;/i&gt;") == 2  # at the top, and in the log
    receiver.answer(204)
    Subscription.objects.update(due_at=None)
    subscribers.deliver(hook.pk)
    assert "The test was taken." in text(admin.get(address))


def test_who_was_turned_off_is_turned_on_with_a_clean_sheet(
    admin: Client, hook: Subscription, receiver: Receiver
) -> None:
    Subscription.objects.update(is_enabled=False, disabled_because="It is gone.", failures=9)
    address = f"/subscriptions/{hook.pk}"
    assert "It is gone." in text(admin.get(address))
    admin.post(f"{address}/test")
    assert not Notice.objects.exists()
    admin.post(f"{address}/edit", WEBHOOK)
    hook.refresh_from_db()
    assert (hook.is_enabled, hook.disabled_because, hook.failures) == (True, "", 0)
    admin.post(f"{address}/remove")
    assert not Subscription.objects.exists()

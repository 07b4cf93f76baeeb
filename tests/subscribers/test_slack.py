"""Slack: what is written where, within what Slack documents.

https://docs.slack.dev/reference/block-kit/blocks (header 150, text of a section 3000, 50 blocks)
https://docs.slack.dev/messaging/formatting-message-text (&, < and > are escaped, nothing else)
https://docs.slack.dev/apis/web-api/rate-limits (one message a second in a channel)
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from deployments.adapters import callout
from deployments.models import Attempt, Branch, Notice, Repository, Subscription
from deployments.reconcile.expiry import end_expired
from deployments.subscribers import slack
from tests.reports.moving import destroy, fail, go_live, wish

from .receiver import Receiver

pytestmark = pytest.mark.django_db
Later = Callable[..., None]


def check(body: str) -> dict[str, Any]:
    """A message, held against what Slack's pages say of one."""
    told: dict[str, Any] = json.loads(body)
    assert told["text"] and 0 < len(told["blocks"]) <= 50
    for block in told["blocks"]:
        if block["type"] == "header":
            assert block["text"]["type"] == "plain_text"
            assert 0 < len(block["text"]["text"]) <= 150
            continue
        texts = block["elements"] if block["type"] == "context" else [block["text"]]
        for text in texts:
            assert text["type"] == "mrkdwn" and 0 < len(text["text"]) <= 3000
            for special in ("<!", "<@", "<#"):
                assert special not in text["text"]
    return told


def titles(receiver: Receiver) -> list[str]:
    return [check(each.body)["text"].partition(":")[0] for each in receiver.received]


def test_a_channel_hears_of_changes_only(
    receiver: Receiver, channel: Subscription, branch: Branch, later: Later
) -> None:
    go_live(wish(branch))
    go_live(wish(branch, "b"))
    fail(wish(branch, "c"))
    fail(wish(branch, "d"))
    go_live(wish(branch, "e"))
    destroy(branch)
    for _ in range(5):
        later(seconds=1.5)
    assert titles(receiver) == ["✅ Ready", "❌ Failed", "✅ Live again", "🗑️ Gone"]


def test_one_message_a_second(
    receiver: Receiver, channel: Subscription, branch: Branch, later: Later
) -> None:
    go_live(wish(branch))
    destroy(branch)
    later()
    later()
    assert len(receiver.received) == 1
    later(seconds=1.1)
    assert len(receiver.received) == 2


def test_what_ends_soon_can_be_kept(
    receiver: Receiver, channel: Subscription, branch: Branch, shop: Repository, later: Later
) -> None:
    go_live(wish(branch))
    later()
    Repository.objects.filter(pk=shop.pk).update(expires_seconds=30 * 86400)
    end_expired(timezone.now())
    for hours in (22, 23, 23):
        end_expired(timezone.now() + timedelta(days=29, hours=hours))
    later(seconds=2)
    later(seconds=2)
    assert titles(receiver) == ["✅ Ready", "⏳ Ends soon"]
    assert f"/branches/{branch.pk}|Keep it longer>" in receiver.received[1].body


def test_a_failure_is_explained_and_nobody_is_called(
    receiver: Receiver, channel: Subscription, branch: Branch, later: Later
) -> None:
    Branch.objects.update(title="<!channel> & <@U1> " + "<&>" * 150, author="<script>")
    fail(wish(branch), error="<!here> " + "&" * 5000, hint="<http://evil|click>")
    later()
    (told,) = receiver.received
    assert "&lt;!here&gt;" in told.body and "&lt;http://evil|click&gt;" in told.body
    body = check(told.body)
    assert "/deployments/" in str(body["blocks"]) and "aaaaaaa" in str(body["blocks"][-1])
    assert body["unfurl_links"] is False


@pytest.mark.parametrize("length", range(140, 156))
def test_no_escape_is_cut_in_two(length: int) -> None:
    cut = slack._cut("x" * length + "&lt;&gt;", 150)
    assert len(cut) <= 150
    rest = cut.replace("&lt;", "").replace("&gt;", "")
    assert "&" not in rest


def test_a_bot_writes_to_its_channel(
    channel: Subscription, branch: Branch, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, dict[str, str], dict[str, Any]]] = []

    def post(url: str, headers: dict[str, str], body: bytes) -> callout.Answer:
        sent.append((url, headers, json.loads(body)))
        taken = len(sent) > 1
        return callout.Answer(200, json.dumps({"ok": taken, "error": "internal_error"}))

    monkeypatch.setattr(callout, "post", post)
    channel.channel = "#previews"
    channel.keep("xoxb-1-2")
    channel.save()
    go_live(wish(branch))
    later()
    assert Attempt.objects.get().problem == "Slack refused it: internal_error."
    later(seconds=6)
    assert Notice.objects.get().state == Notice.State.SENT
    url, headers, body = sent[1]
    assert url == "https://slack.com/api/chat.postMessage"
    assert (headers["authorization"], body["channel"]) == ("Bearer xoxb-1-2", "#previews")
    assert not any("xoxb" in str(row.headers) for row in Attempt.objects.all())

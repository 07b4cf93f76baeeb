"""What other tools are told, whatever they answer."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from deployments import subscribers
from deployments.adapters import wakeups
from deployments.models import Attempt, Branch, Notice, Repository, Subscription
from deployments.models.moves import move_deployment
from deployments.reconcile.expiry import end_expired
from deployments.states import DeploymentState
from tests.deployments.ears import Ears
from tests.reports.moving import destroy, fail, go_live, wish

from .receiver import Receiver

pytestmark = pytest.mark.django_db
Later = Callable[..., None]


def types(receiver: Receiver) -> list[str]:
    return [json.loads(each.body)["type"] for each in receiver.received]


def test_a_preview_is_told_of_from_its_first_version_to_the_end(
    receiver: Receiver, hook: Subscription, branch: Branch, later: Later
) -> None:
    go_live(wish(branch))
    fail(wish(branch, "b"))
    go_live(wish(branch, "c"))
    destroy(branch)
    later()
    assert types(receiver) == [
        "preview.ready",
        "preview.failed",
        "preview.ready",
        "preview.recovered",
        "preview.destroyed",
    ]
    failed = json.loads(receiver.received[1].body)["data"]
    assert failed["repository"] == "acme/shop"
    assert failed["branch"]["url"] == branch.url
    assert failed["deployment"]["commit"] == "b" * 40
    assert failed["deployment"]["failure"]["error"] == "Dockerfile:3: npm failed"
    assert failed["after"] == "failed"
    later()
    assert len(receiver.received) == 5


def test_a_receiver_of_standard_webhooks_knows_who_sent_it(
    receiver: Receiver, hook: Subscription, branch: Branch, later: Later
) -> None:
    go_live(wish(branch))
    later()
    (told,) = receiver.received
    assert Webhook(hook.secret()).verify(told.body, told.headers)["type"] == "preview.ready"
    with pytest.raises(WebhookVerificationError):
        Webhook(hook.secret()).verify(told.body + " ", told.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(Subscription().new_secret()).verify(told.body, told.headers)


def test_a_replaced_secret_signs_on_for_a_day(
    receiver: Receiver, hook: Subscription, branch: Branch, later: Later
) -> None:
    old, new = hook.secret(), hook.new_secret()
    hook.save()
    go_live(wish(branch))
    later()
    destroy(branch)
    later(hours=24, seconds=5)
    while_both, after = receiver.received
    for secret in (old, new):
        assert Webhook(secret).verify(while_both.body, while_both.headers)
    assert while_both.headers["webhook-signature"].count("v1,") == 2
    assert after.headers["webhook-signature"].count("v1,") == 1


def test_what_is_refused_comes_again_the_same_and_nothing_overtakes_it(
    receiver: Receiver, hook: Subscription, branch: Branch, later: Later
) -> None:
    receiver.answers = [(503, {}, b"not now"), (500, {}, b""), (204, {}, b"")]
    go_live(wish(branch))
    destroy(branch)
    later()
    later(seconds=4)
    assert len(receiver.received) == 1
    later(seconds=2)
    later(seconds=31)
    assert types(receiver) == ["preview.ready"] * 3 + ["preview.destroyed"]
    first = receiver.received[:3]
    assert len({(each.body, each.headers["webhook-id"]) for each in first}) == 1
    log = [(row.status, row.answer, row.problem) for row in Attempt.objects.order_by("id")]
    assert log[0] == (503, "not now", "It was answered with 503.")
    assert log[2] == (204, "", "")
    hook.refresh_from_db()
    assert (hook.failures, hook.failing_since, hook.due_at) == (0, None, None)


def test_it_waits_for_as_long_as_it_is_asked_to(
    receiver: Receiver, hook: Subscription, branch: Branch, later: Later
) -> None:
    receiver.answers = [(429, {"Retry_After": "300"}, b""), (200, {}, b"")]
    go_live(wish(branch))
    later()
    later(seconds=290)
    assert len(receiver.received) == 1
    later(seconds=11)
    assert len(receiver.received) == 2


def test_what_nobody_takes_for_a_day_is_given_up_and_after_days_the_receiver(
    receiver: Receiver, hook: Subscription, branch: Branch, later: Later
) -> None:
    receiver.answer(500)
    go_live(wish(branch))
    for _ in range(7):
        later(hours=5)
    assert Notice.objects.get().state == Notice.State.GIVEN_UP
    assert Subscription.objects.get().is_enabled
    with_waiting = Notice.objects.create(subscription=hook, event="edaha.test")
    for _ in range(10):
        later(hours=5)
        Notice.objects.update(state=Notice.State.WAITING)
    hook.refresh_from_db()
    assert not hook.is_enabled
    assert "has taken nothing for 3 days: It was answered with 500." in hook.disabled_because
    sent = len(receiver.received)
    assert subscribers.deliver(hook.pk) == 0 and with_waiting.pk
    assert len(receiver.received) == sent


def test_who_is_gone_for_good_is_asked_no_more(
    receiver: Receiver, hook: Subscription, branch: Branch, later: Later
) -> None:
    receiver.answer(410)
    go_live(wish(branch))
    destroy(branch)
    later()
    hook.refresh_from_db()
    assert not hook.is_enabled and "410" in hook.disabled_because
    assert not Notice.objects.filter(state=Notice.State.WAITING).exists()


def test_redirects_are_not_followed(
    receiver: Receiver, hook: Subscription, branch: Branch, later: Later
) -> None:
    receiver.answer(302, Location="http://169.254.169.254/")
    go_live(wish(branch))
    later()
    assert len(receiver.received) == 1
    assert Attempt.objects.get().problem == "It was answered with 302."


def test_of_a_long_answer_the_beginning_is_kept(
    receiver: Receiver, hook: Subscription, branch: Branch, later: Later
) -> None:
    receiver.answer(200, b"a\0" + b"x" * 1_000_000)
    go_live(wish(branch))
    later()
    assert len(Attempt.objects.get().answer) == 4096


def test_a_move_that_is_undone_is_told_to_nobody(hook: Subscription, branch: Branch) -> None:
    deployment = wish(branch)
    with transaction.atomic():
        assert move_deployment(deployment, DeploymentState.FAILED)
        assert Notice.objects.count() == 1
        transaction.set_rollback(True)
    assert Notice.objects.count() == 0


def test_who_wants_to_is_told_that_a_preview_ends_soon(
    receiver: Receiver, hook: Subscription, branch: Branch, shop: Repository, later: Later
) -> None:
    go_live(wish(branch))
    Repository.objects.filter(pk=shop.pk).update(expires_seconds=30 * 86400)
    end_expired(timezone.now())
    end_expired(timezone.now() + timedelta(days=29, hours=23))
    end_expired(timezone.now() + timedelta(days=29, hours=23))
    later()
    assert types(receiver) == ["preview.ready", "preview.expiring"]
    assert json.loads(receiver.received[1].body)["data"]["branch"]["expires_at"]


def test_each_move_of_a_deployment_can_be_heard(hook: Subscription, branch: Branch) -> None:
    Subscription.objects.update(events=["deployment.*"])
    go_live(wish(branch))
    heard = [notice.event for notice in Notice.objects.order_by("id")]
    states = ["queued", "building", "releasing", "verifying", "live"]
    assert heard == [f"deployment.{state}" for state in states]


def test_only_chosen_repositories_are_told_of(
    hook: Subscription, branch: Branch, shop: Repository
) -> None:
    other = Repository.objects.create(full_name="acme/other", clone_url="file:///other")
    hook.repositories.add(other)
    go_live(wish(branch))
    assert not Notice.objects.exists()
    hook.repositories.add(shop)
    go_live(wish(branch, "b"))
    assert Notice.objects.count() == 1


def test_private_repositories_are_told_of_to_whom_they_were_given(
    hook: Subscription, branch: Branch, shop: Repository
) -> None:
    Repository.objects.update(is_private=True)
    go_live(wish(branch))
    assert not Notice.objects.exists()
    hook.repositories.add(shop)
    go_live(wish(branch, "b"))
    assert Notice.objects.count() == 1


def test_two_senders_tell_nothing_twice(
    receiver: Receiver, hook: Subscription, branch: Branch
) -> None:
    go_live(wish(branch))
    Subscription.objects.update(
        lease_owner="other", lease_until=timezone.now() + timedelta(seconds=60)
    )
    assert subscribers.deliver(hook.pk) == 0
    assert receiver.received == []


def test_the_tick_wakes_a_sender_for_what_waits(
    hook: Subscription, branch: Branch, ears: Ears
) -> None:
    now = timezone.now() + timedelta(minutes=1)
    subscribers.wake_senders(now)
    go_live(wish(branch))
    before = len(ears.heard(wakeups.NOTIFY))
    subscribers.wake_senders(now)
    assert before == 0
    assert ears.heard(wakeups.NOTIFY) == [(hook.pk,)]

"""Subscriptions are made, changed and ended: by a page and by the API. All of it is audited."""

from typing import Any

from django.db import transaction

from deployments import audit, subscribers
from deployments.errors import UserError
from deployments.models import Notice, Subscription

from .subscription_form import SubscriptionForm


def add(form: SubscriptionForm, *, actor: str) -> tuple[Subscription, str]:
    """Out of a valid form; and the secret that a webhook is signed with, which can be read only
    now (empty for Slack)."""
    subscription: Subscription = form.save(commit=False)
    subscription.created_by = actor
    secret = "" if subscription.is_slack else subscription.new_secret()
    with transaction.atomic():
        subscription.save()
        form.save_m2m()
        audit.note("subscription.add", subscription.name, actor=actor, after=_told(subscription))
    return subscription, secret


def change(form: SubscriptionForm, *, actor: str) -> Subscription:
    """What a valid form says of the subscription that it was made for. Whoever is turned on again
    begins without failures."""
    before = _told(Subscription.objects.get(pk=form.instance.pk))
    subscription: Subscription = form.instance
    if form.cleaned_data["is_enabled"]:
        subscription.disabled_because, subscription.due_at = "", None
        subscription.failures, subscription.failing_since = 0, None
    with transaction.atomic():
        form.save()
        audit.note(
            "subscription.change",
            subscription.name,
            actor=actor,
            before=before,
            after=_told(subscription),
        )
    return subscription


def rotate(subscription: Subscription, *, actor: str) -> str:
    """Another secret; the one before signs on beside it for a day."""
    secret = subscription.new_secret()
    with transaction.atomic():
        subscription.save(update_fields=["sealed", "sealed_before", "before_until"])
        audit.note("subscription.rotate", subscription.name, actor=actor)
    return secret


def test(subscription: Subscription) -> Notice:
    """Send something that means nothing. Raises UserError where it is turned off."""
    _check_on(subscription)
    return subscribers.send_test(subscription)


def repeat(notice: Notice) -> Notice:
    """Send the same once more. Raises UserError where its subscription is turned off."""
    _check_on(notice.subscription)
    return subscribers.send_again(notice)


def remove(subscription: Subscription, *, actor: str) -> None:
    """It hears of nothing any more; what it was told is forgotten."""
    with transaction.atomic():
        audit.note(
            "subscription.remove", subscription.name, actor=actor, before=_told(subscription)
        )
        subscription.delete()


def _check_on(subscription: Subscription) -> None:
    if not subscription.is_enabled:
        raise UserError(f"{subscription.name} is turned off.", hint="Turn it on first.")


def _told(subscription: Subscription) -> dict[str, Any]:
    """For the audit log: nothing of it is secret."""
    return {
        "kind": subscription.kind,
        "address": subscription.address,
        "channel": subscription.channel,
        "events": subscription.events,
        "is_enabled": subscription.is_enabled,
        "repositories": [str(each) for each in subscription.repositories.all()],
    }

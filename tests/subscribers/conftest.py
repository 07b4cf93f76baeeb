from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from deployments import subscribers
from deployments.adapters import callout
from deployments.models import Branch, Repository, Subscription
from tests.deployments.conftest import ears
from tests.deployments.ears import Ears
from tests.reconcile.test_github import configured

from .receiver import Receiver, receiving

__all__ = ["Ears", "ears"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with (
        receiving() as found,
        configured(outgoing_private=True, base_url="https://edaha.example.com"),
    ):
        yield found


@pytest.fixture
def shop(db: None) -> Repository:
    return Repository.objects.create(
        full_name="acme/shop", clone_url="file:///shop", policy=Repository.Policy.ALL
    )


@pytest.fixture
def branch(shop: Repository) -> Branch:
    return Branch.for_name(shop, "feature/x", title="A <b>new</b> & fine page", author="mika")


@pytest.fixture
def hook(db: None, receiver: Receiver) -> Subscription:
    """Hears of everything that a preview does."""
    made = Subscription(name="hook", address=receiver.url)
    made.events = [
        f"preview.{name}" for name in "ready failed recovered expiring destroyed".split()
    ]
    made.new_secret()
    made.save()
    return made


@pytest.fixture
def channel(hook: Subscription, monkeypatch: pytest.MonkeyPatch) -> Subscription:
    """The same in Slack, by the URL of an incoming webhook; Slack is the receiver."""
    url, post = hook.address, callout.post
    monkeypatch.setattr(callout, "post", lambda _, *rest: post(url, *rest))
    hook.kind, hook.address = Subscription.Kind.SLACK, ""
    hook.keep("https://hooks.slack.com/services/T0/B0/secret")
    hook.save()
    return hook


@pytest.fixture
def later() -> Iterator[Callable[..., None]]:
    """Deliver whatever is due at a later time: `later(minutes=20)`."""
    moved = timedelta(0)

    def deliver(**by: float) -> None:
        nonlocal moved
        moved += timedelta(**by)
        with time_machine.travel(timezone.now() + moved, tick=True):
            for pk in Subscription.objects.values_list("pk", flat=True):
                subscribers.deliver(pk)

    yield deliver

"""What administrators set up in the story: members, tokens, secrets, who else is told."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User

from dashboard import roles
from dashboard.access import Role
from dashboard.models import Terminal, TerminalRequest
from deployments import audit, safekeeping, tokens
from deployments.config import config
from deployments.models import Event, GitHubApp, MadeApp, Notice, Repository, Subscription
from deployments.safekeeping import Wish
from tests.github import product

from .server import PUBLIC_KEY


def tell(shop: Repository, now: datetime) -> dict[str, int]:
    """Ids of rows that have pages of their own, by name."""
    ids = {"secret": _secrets(shop), "subscription": _subscription(shop)}
    _members(shop)
    _terminals(now)
    _github_app()
    return ids


def _secrets(shop: Repository) -> int:
    wishes = (
        Wish("DATABASE_URL", reference="secretsmanager:hinode/previews:url"),
        Wish("PAYMENT_KEY", pattern="feature/*", value="sk_test_of_the_story"),
        Wish("NPM_TOKEN", value="npm_of_the_story", for_containers=False, for_builds=True),
    )
    rows = [safekeeping.put(shop, wish, actor="mika") for wish in wishes]
    return rows[1].pk


def _subscription(shop: Repository) -> int:
    """One receiver that takes what it is told, at the second try; one that was turned off."""
    ci = Subscription(name="end-to-end tests", address="https://ci.example.com/hooks/edaha")
    ci.events, ci.created_by = [Event.READY, Event.FAILED], "mika"
    ci.new_secret()
    ci.save()
    branch = shop.branches.get(name="feature/opening-hours")
    sent = Notice.objects.create(
        subscription=ci,
        event=Event.READY,
        branch=branch,
        body='{"type":"preview.ready"}',
        state=Notice.State.SENT,
    )
    problem = "It was answered with 503."
    sent.tries.create(milliseconds=81, status=503, answer="upstream is away", problem=problem)
    sent.tries.create(milliseconds=64, status=204, headers={"webhook-id": sent.message_id})
    team = Subscription(name="#shop", kind=Subscription.Kind.SLACK, events=[Event.FAILED])
    team.is_enabled, team.disabled_because = False, "It answered that it is gone for good (410)."
    team.keep("https://hooks.slack.com/services/of/the/story")
    team.save()
    return ci.pk


def _members(shop: Repository) -> None:
    """Somebody with a role inside one repository, a token, and what the audit log has of it."""
    hana = User.objects.create_user("hana", password="of-the-story", email="hana@example.com")
    tokens.issue("end-to-end tests", "viewer", actor="mika", repositories=[shop], days=90)
    tokens.issue("nightly clean-up", "deployer", actor="mika")
    origin = audit.origin.set("192.0.2.14")
    roles.join(hana, shop, Role.DEPLOYER, actor="mika")
    why = "The coupon page is shown to the shop's owners tomorrow"
    branch = shop.branches.get(name="feature/opening-hours")
    pinned = {"pinned_by": "mika"}
    audit.note("preview.pin", branch, actor="mika", reason=why, after=pinned)
    audit.origin.reset(origin)


def _terminals(now: datetime) -> None:
    mika = User.objects.get(username="mika")
    soon = now + timedelta(days=20)
    Terminal.objects.create(user=mika, name="mikas-laptop", digest="1", expires_at=soon)
    TerminalRequest.objects.create(
        name="mikas-desktop", origin="203.0.113.7", digest="2", code="BCDFGHJK", expires_at=soon
    )


def _github_app() -> None:
    """The other half of its key is for whoever plays GitHub."""
    private, public = product.private_key(), product.public_key()
    (config().data / PUBLIC_KEY).write_text(public)
    made = MadeApp(
        id=4711,
        slug="edaha-hinode",
        name="Edaha previews.hinode.example",
        owner="hinode",
        url="https://github.com/apps/edaha-hinode",
        client_id="Iv1.0",
        private_key=private,
        webhook_secret="of-the-app",
        client_secret="of-the-story",
    )
    GitHubApp.keep(made, actor="mika")

"""Other tools that want to hear of previews: who they are, what they were told, how it went."""

import secrets
from base64 import b64encode
from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import sealing
from .branch import Branch
from .deployment import Deployment
from .repository import Repository
from .transition import Transition

#: What a secret of Standard Webhooks begins with:
#: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
SECRET_PREFIX = "whsec_"  # noqa: S105 (a beginning, no secret)  # nosec B105
#: Of an answer, so much is kept.
ANSWER_MAX = 4096
#: A secret that was replaced signs for so long, too.
SIGNS_ON = timedelta(days=1)


class Event(models.TextChoices):
    READY = "preview.ready", _("Ready: a version went live")
    FAILED = "preview.failed", _("Failed: a deployment did not go live")
    RECOVERED = "preview.recovered", _("Recovered: live after a failure")
    EXPIRING = "preview.expiring", _("Expiring: it ends soon unless somebody opens it")
    DESTROYED = "preview.destroyed", _("Destroyed: it is gone")
    DEPLOYMENTS = "deployment.*", _("Each move of a deployment")


def _message_id() -> str:
    return f"msg_{secrets.token_hex(12)}"


class Subscription(models.Model):
    """One receiver. It is told one thing after the other, in order."""

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", _("Webhook")
        SLACK = "slack", _("Slack")

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.WEBHOOK)
    #: A webhook's URL. Slack's own says who may write, and is sealed.
    address = models.CharField(max_length=500, blank=True)
    #: Where a bot token writes to; empty for a URL, which has its channel.
    channel = models.CharField(max_length=80, blank=True)
    #: Encrypted: what signs a webhook, or Slack's URL or bot token.
    sealed = models.TextField()
    #: What signed a webhook before, and until when it signs as well.
    sealed_before = models.TextField(blank=True)
    before_until = models.DateTimeField(null=True, blank=True)
    #: Names of events; `deployment.*` stands for all of deployments.
    events = models.JSONField(default=list)
    #: None means every repository that is not private.
    repositories = models.ManyToManyField(Repository, blank=True, related_name="subscriptions")
    is_enabled = models.BooleanField(default=True)
    #: Why Edaha has turned it off.
    disabled_because = models.TextField(blank=True)

    #: Tries in a row that failed, since when, and when the next one is due.
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_slack(self) -> bool:
        return self.kind == self.Kind.SLACK

    def keep(self, secret: str) -> None:
        """Give it a secret; not saved yet."""
        self.sealed = sealing.seal(secret)

    def secret(self) -> str:
        """Raises sealing.Unreadable."""
        return sealing.unseal(self.sealed)

    def signing_secrets(self) -> list[str]:
        """All that sign at present, the newest first. Raises sealing.Unreadable."""
        before = [sealing.unseal(self.sealed_before)] if self.has_two_secrets else []
        return [self.secret(), *before]

    @property
    def has_two_secrets(self) -> bool:
        return self.before_until is not None and timezone.now() < self.before_until

    def new_secret(self) -> str:
        """Give it a new one to sign with, which can be read only now; not saved yet.

        The one before signs on for a day, beside it.
        """
        if self.sealed:
            self.sealed_before, self.before_until = self.sealed, timezone.now() + SIGNS_ON
        made = SECRET_PREFIX + b64encode(secrets.token_bytes(32)).decode()
        self.keep(made)
        return made

    def wants(self, event: str) -> bool:
        group = f"{event.partition('.')[0]}.*"
        return event in self.events or group in self.events


class Notice(models.Model):
    """One event for one receiver. What it says is written at the first try, and stays."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        GIVEN_UP = "given_up", _("Given up")

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="notices")
    #: Its number for the receiver: the same at each try.
    message_id = models.CharField(max_length=40, unique=True, default=_message_id)
    event = models.CharField(max_length=40)
    transition = models.ForeignKey(Transition, models.SET_NULL, null=True, blank=True)
    branch = models.ForeignKey(Branch, models.CASCADE, null=True, blank=True)
    deployment = models.ForeignKey(Deployment, models.SET_NULL, null=True, blank=True)
    body = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["subscription", "id"],
                name="notice_waiting",
                condition=models.Q(state="waiting"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.message_id}"


class Attempt(models.Model):
    """One try to tell a notice, and what was answered."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="tries")
    at = models.DateTimeField(default=timezone.now)
    milliseconds = models.PositiveIntegerField(default=0)
    #: Headers as they were sent, without what is secret.
    headers = models.JSONField(default=dict)
    #: None where nothing answered.
    status = models.PositiveIntegerField(null=True, blank=True)
    answer = models.TextField(blank=True)
    #: For people: why it was not taken; empty where it was.
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.notice_id}: {self.status or self.problem}"

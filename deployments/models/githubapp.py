"""The GitHub App that the guided set-up has made, and which deliveries were asked for again."""

from dataclasses import dataclass, field
from typing import Any

from django.db import models

from .. import sealing

_ONLY = 1


@dataclass(frozen=True)
class MadeApp:
    """What GitHub tells of an App that it has just made; the secrets are told this once."""

    id: int
    slug: str
    name: str
    owner: str
    url: str
    client_id: str
    private_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    client_secret: str = field(repr=False)


class GitHubApp(models.Model):
    """There is one at most. Its secrets are encrypted; see deployments/sealing.py."""

    SEALED = ("sealed_private_key", "sealed_webhook_secret", "sealed_client_secret")

    app_id = models.BigIntegerField()
    #: Its name in addresses.
    slug = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    #: The account that it belongs to.
    owner = models.CharField(max_length=100)
    url = models.CharField(max_length=500)
    client_id = models.CharField(max_length=100)
    sealed_private_key = models.TextField()
    sealed_webhook_secret = models.TextField()
    sealed_client_secret = models.TextField()
    made_at = models.DateTimeField(auto_now=True)
    made_by = models.CharField(max_length=150)

    def __str__(self) -> str:
        return self.slug

    @classmethod
    def current(cls) -> "GitHubApp | None":
        return cls.objects.filter(pk=_ONLY).first()

    @classmethod
    def keep(cls, made: MadeApp, *, actor: str) -> "GitHubApp":
        """Store it, in the place of the one before."""
        values: dict[str, Any] = {
            "app_id": made.id,
            "slug": made.slug[:100],
            "name": made.name[:200],
            "owner": made.owner[:100],
            "url": made.url[:500],
            "client_id": made.client_id[:100],
            "sealed_private_key": sealing.seal(made.private_key),
            "sealed_webhook_secret": sealing.seal(made.webhook_secret),
            "sealed_client_secret": sealing.seal(made.client_secret),
            "made_by": actor[:150],
        }
        return cls.objects.update_or_create(pk=_ONLY, defaults=values)[0]

    def private_key(self) -> str:
        """Raises sealing.Unreadable."""
        return sealing.unseal(self.sealed_private_key)

    def webhook_secret(self) -> str:
        """Raises sealing.Unreadable."""
        return sealing.unseal(self.sealed_webhook_secret)


class HookLook(models.Model):
    """Until when a webhook's failed deliveries were looked through."""

    hook = models.CharField(max_length=140, unique=True)
    seen_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.hook


class Redelivery(models.Model):
    """A delivery that failed at GitHub's end, and was asked for again."""

    guid = models.CharField(max_length=64, unique=True)
    #: How often it was asked for.
    attempts = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "redeliveries"

    def __str__(self) -> str:
        return self.guid

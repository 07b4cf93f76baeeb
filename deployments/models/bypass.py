import secrets
from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone

from .repository import Repository
from .share import USE_WRITTEN_EVERY, digest_of

_PREFIX = "edaha_bypass_"


class Bypass(models.Model):
    """The token by which end-to-end tests open a repository's protected previews."""

    repository = models.OneToOneField(Repository, models.CASCADE, related_name="bypass")
    digest = models.CharField(max_length=64, unique=True)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "bypasses"

    def __str__(self) -> str:
        return str(self.repository)

    @classmethod
    def issue(cls, repository: Repository, *, by: str) -> str:
        """Make a token in place of the one before; it can be read only now."""
        token = _PREFIX + secrets.token_urlsafe(32)
        fresh = {"digest": digest_of(token), "created_by": by, "created_at": timezone.now()}
        cls.objects.update_or_create(repository=repository, defaults=fresh | {"used_at": None})
        return token

    @classmethod
    def find(cls, repository: Repository, token: str) -> Self | None:
        return cls.objects.filter(repository=repository, digest=digest_of(token)).first()

    def note_use(self, now: datetime) -> None:
        if self.used_at is None or self.used_at < now - USE_WRITTEN_EVERY:
            type(self).objects.filter(pk=self.pk).update(used_at=now)

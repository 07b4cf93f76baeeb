import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils import timezone

from .branch import Branch

#: A use is written no more often than this: looking must not become writing.
USE_WRITTEN_EVERY = timedelta(minutes=1)


def digest_of(token: str) -> str:
    """What is kept of a token. It is 256 random bits: a plain hash is enough, and looking it up
    by an index leaks nothing that helps to guess it."""
    return hashlib.sha256(token.encode()).hexdigest()


class Share(models.Model):
    """A link that opens one protected preview for whoever has it, until it ends."""

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="shares")
    digest = models.CharField(max_length=64, unique=True)
    #: For whom it is, in the words of whoever made it.
    note = models.CharField(max_length=200, blank=True)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=150, blank=True)
    #: When somebody was there by it last, to a minute.
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.branch}: {self.note or self.created_by}"

    @classmethod
    def issue(cls, branch: Branch, lasts: timedelta, *, note: str, by: str) -> tuple[Self, str]:
        """Make one; its token can be read only now."""
        token = secrets.token_urlsafe(32)
        until = timezone.now() + lasts
        made = cls.objects.create(
            branch=branch, digest=digest_of(token), note=note, created_by=by, expires_at=until
        )
        return made, token

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()

    def note_use(self, now: datetime) -> None:
        if self.used_at is None or self.used_at < now - USE_WRITTEN_EVERY:
            type(self).objects.filter(pk=self.pk).update(used_at=now)

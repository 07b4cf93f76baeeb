import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import models, transaction
from django.utils import timezone

from .repository import Repository, RoleName

#: Scanners for secrets that were published by mistake know tokens by such a beginning.
_PREFIX = "edaha_"
#: As much of a token as is kept, so that people know it again.
_SHOWN = len(_PREFIX) + 4


class ApiToken(models.Model):
    """A bearer token of the REST API; only its hash is kept."""

    Role = RoleName

    name = models.CharField(max_length=100, unique=True)
    role = models.CharField(max_length=10, choices=Role)
    #: Where it has its role; none means everywhere, but in private repositories.
    repositories = models.ManyToManyField(Repository, blank=True, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    #: How the token begins; empty for those of before.
    beginning = models.CharField(max_length=20, blank=True, default="", db_default="")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=200, blank=True, default="", db_default="")
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @classmethod
    def issue(
        cls,
        name: str,
        role: str,
        *,
        repositories: Iterable[Repository] = (),
        expires_at: datetime | None = None,
        created_by: str = "",
    ) -> str:
        """Make a token and return it: this is the only time it can be read."""
        token = _PREFIX + secrets.token_urlsafe(32)
        with transaction.atomic():
            made = cls.objects.create(
                name=name,
                role=role,
                digest=_digest(token),
                beginning=token[:_SHOWN],
                expires_at=expires_at,
                created_by=created_by,
            )
            made.repositories.set(repositories)
        return token

    @classmethod
    def find(cls, token: str) -> "ApiToken | None":
        """The token, also where its time is over; None where there is no such one."""
        # The token is 256 random bits: a plain hash is enough, and looking it up by an index
        # leaks nothing that helps to guess it.
        if not token.startswith(_PREFIX):
            return None
        return cls.objects.filter(digest=_digest(token)).first()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

import hashlib
import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

_PREFIX = "edaha_"


class ApiToken(models.Model):
    """A bearer token of the REST API; only its hash is kept."""

    class Role(models.TextChoices):
        VIEWER = "viewer", _("Viewer")
        DEPLOYER = "deployer", _("Deployer")
        ADMIN = "admin", _("Administrator")

    name = models.CharField(max_length=100, unique=True)
    role = models.CharField(max_length=10, choices=Role)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def issue(cls, name: str, role: str) -> str:
        """Make a token and return it: this is the only time it can be read."""
        token = _PREFIX + secrets.token_urlsafe(32)
        cls.objects.create(name=name, role=role, digest=_digest(token))
        return token

    @classmethod
    def find(cls, token: str) -> "ApiToken | None":
        # The token is 256 random bits: a plain hash is enough, and looking it up by an index
        # leaks nothing that helps to guess it.
        if not token.startswith(_PREFIX):
            return None
        return cls.objects.filter(digest=_digest(token)).first()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

"""What the dashboard keeps for each person. Previews themselves are the domain's."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from deployments.models import ApiToken, Branch, Repository


class Preferences(models.Model):
    """How one person wants to see the dashboard."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="preferences"
    )
    #: Empty means what the browser asks for.
    language = models.CharField(_("Language"), max_length=10, blank=True)
    #: Whose pull requests are "mine"; empty means that it is the name one signs in with.
    github_login = models.CharField(_("Name at GitHub"), max_length=100, blank=True)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user}"


class Favourite(models.Model):
    """A preview that a person wants at hand."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="favourites")
    branch = models.ForeignKey(Branch, models.CASCADE, related_name="favourites")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "branch"], name="favourite_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.branch}"


class Membership(models.Model):
    """The role that a person has inside one repository."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="memberships")
    role = models.CharField(_("Role"), max_length=10, choices=ApiToken.Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "repository"], name="membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} of {self.repository}"


class KeptAnswer(models.Model):
    """What the API answered to a call that had a key of its own, in case the call is repeated."""

    #: SHA-256 over the token, the operation and the key: none of them is kept.
    scope = models.CharField(max_length=64, unique=True)
    #: SHA-256 over what was sent.
    sent = models.CharField(max_length=64)
    #: None while the first call is being worked on.
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=100, blank=True)
    #: Encrypted, since some answers are told once.
    sealed = models.TextField(blank=True)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.created_at}: {self.status or 'in progress'}"

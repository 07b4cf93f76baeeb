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


class Terminal(models.Model):
    """A terminal in which a person is signed in: its token may do what that person may, but
    nothing that only administrators do. Only the token's hash is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="terminals")
    #: What the machine calls itself.
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.user} at {self.name}"


class TerminalRequest(models.Model):
    """A terminal that asks to be let in, until somebody signed in has said whether it is theirs."""

    name = models.CharField(max_length=100)
    #: The address that it asked from.
    origin = models.CharField(max_length=100)
    #: SHA-256 of what the terminal fetches its token with: it alone knows that.
    digest = models.CharField(max_length=64, unique=True)
    #: What the terminal shows, and a person compares.
    code = models.CharField(max_length=8, unique=True)
    expires_at = models.DateTimeField(db_index=True)
    #: Who let it in, and for how many days.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    days = models.PositiveSmallIntegerField(default=0)
    refused = models.BooleanField(default=False)
    #: Its token was given away: that happens once.
    redeemed = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.name} from {self.origin}"

    @property
    def shown_code(self) -> str:
        return f"{self.code[:4]}-{self.code[4:]}"

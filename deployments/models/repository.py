from fnmatch import fnmatchcase
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from ..config import config
from .repository_problems import PLATFORMS, problems_of

#: GitHub's labels are no longer: https://docs.github.com/en/rest/issues/labels
_LABEL_MAX = 50
_EMPTY_LIST = models.Value([], models.JSONField())


class RoleName(models.TextChoices):
    """What somebody may do; each one includes what the one before may do."""

    VIEWER = "viewer", _("Viewer")
    DEPLOYER = "deployer", _("Deployer")
    ADMIN = "admin", _("Administrator")


#: A workflow administers nothing.
ROLES = [choice for choice in RoleName.choices if choice[0] != RoleName.ADMIN]


class HostName(models.TextChoices):
    """Hosts of git, as `adapters.hosts` knows them."""

    GITHUB = "github", "GitHub"
    GIT = "git", _("Plain git, without an API")

    __empty__ = _("As its address says")


def _default_platforms() -> list[str]:
    return ["linux/amd64"]


class Repository(models.Model):
    """An application's git repository, and how its branches are deployed."""

    class Policy(models.TextChoices):
        PULL_REQUESTS = "pull_requests", _("Every pull request")
        ALL = "all", _("Every branch")
        PATTERNS = "patterns", _("Branches that match a pattern")

    class Forks(models.TextChoices):
        """What becomes of pull requests from forks."""

        APPROVAL = "approval", _("Wait until somebody approves the commit")
        OFF = "off", _("Get no preview")

    class Status(models.TextChoices):
        """How GitHub is told what has become of a commit."""

        CHECK = "check", _("As a check run, with the App")
        STATUS = "status", _("As a commit status")
        OFF = "off", _("Not at all")

    class Builds(models.TextChoices):
        """Who builds its images."""

        EDAHA = "edaha", _("Edaha, from the Dockerfile")
        ACTIONS = "actions", _("GitHub Actions, which hands them over")

    class LaunchType(models.TextChoices):
        FARGATE = "FARGATE", "Fargate"
        EC2 = "EC2", "EC2"

    class Protection(models.TextChoices):
        PUBLIC = "public", _("Everybody who has the address")
        MEMBERS = "members", _("Members who may see the repository")

        __empty__ = _("As the installation says")

    full_name = models.CharField(max_length=140)
    clone_url = models.CharField(max_length=500)
    default_branch = models.CharField(max_length=255, default="main")
    webhook_secret = models.CharField(max_length=255, blank=True)
    webhook_secret_previous = models.CharField(max_length=255, blank=True)

    #: Only those with a role inside it know that it exists; otherwise whoever has one everywhere.
    is_private = models.BooleanField(default=False, db_default=False)

    #: What workflows of its own, known by GitHub's OpenID token, may do by the API; empty means
    #: nothing. And of which refs: empty means of any.
    workflow_role = models.CharField(
        max_length=10, choices=ROLES, blank=True, default="", db_default=""
    )
    workflow_refs = models.JSONField(
        default=list, blank=True, db_default=models.Value([], models.JSONField())
    )
    #: GitHub's number of it, as the first workflow's token told; another one is not believed.
    workflow_repository_id = models.CharField(max_length=20, blank=True, default="", db_default="")

    policy = models.CharField(max_length=20, choices=Policy, default=Policy.PULL_REQUESTS)
    patterns = models.JSONField(default=list, blank=True)
    deploy_drafts = models.BooleanField(default=True)
    forks = models.CharField(
        max_length=10, choices=Forks, default=Forks.APPROVAL, db_default=Forks.APPROVAL
    )

    # Which pull requests get one; `leaving_out` reads it.
    #: A label that gives a preview whatever the rest says; empty switches each of the three off.
    start_label = models.CharField(
        max_length=_LABEL_MAX, blank=True, default="preview", db_default="preview"
    )
    #: A label that takes it away.
    skip_label = models.CharField(
        max_length=_LABEL_MAX, blank=True, default="skip-preview", db_default="skip-preview"
    )
    #: A label that keeps it from expiring.
    pin_label = models.CharField(
        max_length=_LABEL_MAX, blank=True, default="preview-pin", db_default="preview-pin"
    )
    only_with_label = models.BooleanField(default=False, db_default=False)
    #: Pull requests of bots: by GitHub's kind of account, and by these names.
    deploy_bots = models.BooleanField(default=True, db_default=True)
    bots = models.JSONField(default=list, blank=True, db_default=_EMPTY_LIST)
    #: Patterns of the branches that they are to be merged into; empty means any.
    base_branches = models.JSONField(default=list, blank=True, db_default=_EMPTY_LIST)
    #: gitignore's patterns of the files that have to be changed; empty means any.
    paths = models.JSONField(default=list, blank=True, db_default=_EMPTY_LIST)

    #: Who keeps it, and so what can be asked about it; empty means what the clone URL looks like.
    host = models.CharField(max_length=10, choices=HostName, blank=True, default="", db_default="")
    #: Seconds between two looks at its branches. None means what is usual for its host, 0 never.
    poll_seconds = models.PositiveIntegerField(null=True, blank=True)

    #: What GitHub is told: a comment in the pull request, its Deployments API, and a check run or
    #: commit status.
    report_comment = models.BooleanField(default=True, db_default=True)
    report_deployments = models.BooleanField(default=True, db_default=True)
    report_status = models.CharField(
        max_length=10, choices=Status, default=Status.CHECK, db_default=Status.CHECK
    )

    #: Where Slack's bots tell of it; empty means the channel of each subscription.
    slack_channel = models.CharField(max_length=80, blank=True, default="", db_default="")

    #: Who may open its previews; empty means what the installation says.
    protection = models.CharField(
        max_length=10, choices=Protection, blank=True, default="", db_default=""
    )

    #: The application's own file about how it is deployed; it need not exist.
    definitions = models.CharField(max_length=255, default="edaha.yml")
    #: What that file may use of AWS; see deployments/allowed.py.
    allowed = models.JSONField(default=list, blank=True)

    builds = models.CharField(
        max_length=10, choices=Builds, default=Builds.EDAHA, db_default=Builds.EDAHA
    )

    # What follows holds where the application's own files say nothing.
    dockerfile = models.CharField(max_length=255, default="Dockerfile")
    context = models.CharField(max_length=255, default=".")
    platforms = models.JSONField(default=_default_platforms)
    #: The port the application listens on; empty means the image's only EXPOSE.
    port = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    #: Empty means: any answer below 500 at "/" will do.
    health_path = models.CharField(max_length=500, blank=True)
    #: Seconds a new task gets until it must answer.
    startup_seconds = models.PositiveIntegerField(
        default=120, validators=[MinValueValidator(5), MaxValueValidator(1500)]
    )
    environment = models.JSONField(default=dict, blank=True)

    cpu = models.PositiveIntegerField(default=256)
    memory = models.PositiveIntegerField(default=512)
    launch_type = models.CharField(
        max_length=10, choices=LaunchType, blank=True, default=LaunchType.FARGATE
    )
    capacity_providers = models.JSONField(default=list, blank=True)
    cluster = models.CharField(max_length=255, blank=True)
    namespace = models.CharField(max_length=255, blank=True)
    subnets = models.JSONField(default=list, blank=True)
    security_groups = models.JSONField(default=list, blank=True)
    assign_public_ip = models.BooleanField(default=False)
    task_role_arn = models.CharField(max_length=2048, blank=True)
    execution_role_arn = models.CharField(max_length=2048, blank=True)

    # Limits: None means what the installation says, 0 means none.
    max_builds = models.PositiveIntegerField(null=True, blank=True)
    max_previews = models.PositiveIntegerField(null=True, blank=True)
    deployments_per_hour = models.PositiveIntegerField(null=True, blank=True)
    #: Seconds without a visit or a push after which a preview ends.
    expires_seconds = models.PositiveIntegerField(null=True, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["full_name"]
        verbose_name_plural = "repositories"
        constraints = [models.UniqueConstraint(Lower("full_name"), name="repository_full_name")]

    def __str__(self) -> str:
        return self.full_name

    def wants(self, branch_name: str, *, has_pull_request: bool) -> bool:
        """Whether the repository's policy gives this branch a preview."""
        if self.policy == self.Policy.PULL_REQUESTS:
            return has_pull_request
        if self.policy == self.Policy.ALL:
            return True
        return any(fnmatchcase(branch_name, pattern) for pattern in self.patterns)

    @property
    def is_protected(self) -> bool:
        """Whether the router lets only those in who show that they may.

        Of a private repository nobody else is to learn that it exists, so its previews always are.
        """
        chosen = self.protection or config().preview_protection
        return self.is_private or chosen == self.Protection.MEMBERS.value

    @property
    def default_branch_ref(self) -> str:
        return f"refs/heads/{self.default_branch}"

    @property
    def cpu_architecture(self) -> str:
        """Where tasks run: the first platform that is built (ECS's own word for it)."""
        return PLATFORMS[self.platforms[0]]

    @property
    def runs_on_fargate(self) -> bool:
        """By launch type, or since all its capacity providers are Fargate's."""
        if self.launch_type:
            return bool(self.launch_type == self.LaunchType.FARGATE)
        providers: list[str] = self.capacity_providers
        return bool(providers) and all(name.startswith("FARGATE") for name in providers)

    def clean(self) -> None:
        """Check every value as early as possible; all problems at once."""
        problems: dict[str, Any] = {}
        for field, problem in problems_of(self):
            problems.setdefault(field, []).append(problem)
        if problems:
            raise ValidationError(problems)

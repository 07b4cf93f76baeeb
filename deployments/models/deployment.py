from django.db import models

from ..causes import Cause
from ..names import release_name
from ..states import ACTIVE, DeploymentState
from .branch import Branch
from .imageset import ImageSet

_NO_COMMITS = models.Value([], models.JSONField())


class Deployment(models.Model):
    """One attempt to bring a commit live; its services have what it made in AWS."""

    class Trigger(models.TextChoices):
        PUSH = "push"
        PULL_REQUEST = "pull_request"
        REDEPLOY = "redeploy"
        #: The reconciler saw a head that no delivery had told of.
        FOUND = "found"
        #: The reconciler saw that what is live in AWS is not what was deployed.
        REPAIR = "repair"
        #: Somebody chose another commit of the branch than its head.
        COMMIT = "commit"
        #: Somebody brought an earlier deployment back, with the images that it had.
        ROLLBACK = "rollback"
        #: Somebody approved a commit of a stranger.
        APPROVAL = "approval"

        @classmethod
        def by_hand(cls) -> frozenset["Deployment.Trigger"]:
            """Of wishes that no change in git led to."""
            return frozenset({cls.REDEPLOY, cls.REPAIR, cls.COMMIT, cls.ROLLBACK})

        @classmethod
        def chosen(cls) -> frozenset["Deployment.Trigger"]:
            """Of wishes for something else than the branch's head."""
            return frozenset({cls.COMMIT, cls.ROLLBACK})

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="deployments")
    generation = models.PositiveIntegerField()
    commit = models.CharField(max_length=64)
    trigger = models.CharField(max_length=20, choices=Trigger)
    actor = models.CharField(max_length=150, blank=True)
    #: Build anew even if the tree is unchanged, and without the build cache.
    no_cache = models.BooleanField(default=False)

    #: Whether it is code of people who may write to the repository. Decided when the row is made,
    #: and never changed: without it there are no secrets, no shared cache, no role, no allow-list.
    is_trusted = models.BooleanField(default=True, db_default=True, editable=False)

    #: Whether its images are built elsewhere. Decided when the row is made. It waits until they
    #: are handed over.
    is_built_elsewhere = models.BooleanField(default=False, db_default=False)
    image_set = models.ForeignKey(
        ImageSet, models.SET_NULL, null=True, blank=True, related_name="deployments"
    )

    state = models.CharField(max_length=12, choices=DeploymentState, default=DeploymentState.QUEUED)
    #: The earlier deployment that a rollback brings back.
    rolls_back_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    #: The commit that the deployment before was of, and what came since: the newest commits, each
    #: {"commit": …, "author": …, "subject": …, "at": seconds since the epoch}, and their number.
    previous_commit = models.CharField(max_length=64, blank=True, default="", db_default="")
    commits = models.JSONField(default=list, db_default=_NO_COMMITS, blank=True)
    commits_count = models.PositiveIntegerField(default=0, db_default=0)

    #: For people: what failed, and what to do about it.
    error = models.TextField(blank=True)
    hint = models.TextField(blank=True)
    #: What kind of failure that is, for explanations and for counting.
    cause = models.CharField(max_length=30, choices=Cause, blank=True, default="", db_default="")
    #: The line of its log that tells the error; None where none does.
    error_line = models.PositiveIntegerField(null=True, blank=True)

    # What the steps found and made; each is written as soon as it is known, so that a step that
    # is run again goes on from there.
    #: The file that described the application; empty where the repository's settings did.
    source = models.CharField(max_length=255, blank=True)
    build_reused = models.BooleanField(default=False)
    cluster = models.CharField(max_length=255, blank=True)
    namespace = models.CharField(max_length=255, blank=True)
    #: A build worker writes the branch's cache to the registry, at least until then.
    exporting_until = models.DateTimeField(null=True, blank=True)
    #: Where the rollout stands, in a sentence.
    progress = models.CharField(max_length=300, blank=True)

    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    #: When the tick last woke somebody up for it.
    woken_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    #: Not to be worked on before this time (back-off, or the next look at a rollout).
    due_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    built_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    state_changed_at = models.DateTimeField(auto_now_add=True)
    #: Nothing of this deployment is left in ECS and Cloud Map.
    cleaned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["branch", "generation"], name="deployment_generation")
        ]
        indexes = [
            models.Index(fields=["state", "due_at"]),
            # How many began within the last hour.
            models.Index(fields=["started_at"], name="deployment_started"),
            models.Index(
                fields=["due_at"],
                name="deployment_to_clean",
                condition=models.Q(cleaned_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} #{self.generation}"

    @property
    def short_commit(self) -> str:
        return self.commit[:7]

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def awaits_images(self) -> bool:
        """Whether it cannot begin before somebody hands its images over."""
        is_queued = self.state == DeploymentState.QUEUED
        return is_queued and self.is_built_elsewhere and self.image_set_id is None

    def service_name(self, installation: str, service: str = "") -> str:
        """What one of its services is called in ECS and Cloud Map; empty means the default one."""
        return release_name(
            installation, self.branch.slug, self.branch_id, self.generation, service
        )

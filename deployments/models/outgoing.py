"""What is to be told to GitHub: one row a thing, and who tells it for a repository."""

from typing import Any, Self

from django.db import models
from django.utils import timezone

from .branch import Branch
from .repository import Repository

_NOTHING = models.Value({}, models.JSONField())


class Outgoing(models.Model):
    """One thing to tell. The sender reads the rows of now when it tells, so one is enough.

    A row stays when it is done: it remembers what GitHub calls the thing, and what was told last.
    """

    class Kind(models.TextChoices):
        #: The comment of a pull request; the key is BRANCH:NUMBER.
        COMMENT = "comment"
        #: A deployment of the Deployments API; the key is the deployment's id.
        DEPLOYMENT = "deployment"
        #: What becomes of a commit: a check run or a commit status; the key is the commit.
        CHECK = "check"
        #: What is left at GitHub of a destroyed preview; the key is the branch's id.
        ENVIRONMENT = "environment"
        #: A reaction to a comment; the key is the comment's id.
        REACTION = "reaction"
        #: A comment that is told once.
        REPLY = "reply"

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="outgoing")
    branch = models.ForeignKey(
        Branch, models.CASCADE, null=True, blank=True, related_name="outgoing"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    key = models.CharField(max_length=100)
    payload = models.JSONField(default=dict, db_default=_NOTHING, blank=True)
    #: What is told once is told in the order in which it was put, for each lane; empty for what
    #: has no order.
    lane = models.CharField(max_length=100, blank=True, default="", db_default="")

    #: When somebody asked last that it be told. It is done if nobody has asked since.
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    #: What was told may change without anybody's asking: whoever tells of the branch asks again.
    is_open = models.BooleanField(default=True, db_default=True)
    #: Tries in a row that failed, and since when.
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    #: For people: why it was not told, and what to do.
    problem = models.TextField(blank=True, default="", db_default="")
    hint = models.TextField(blank=True, default="", db_default="")

    #: GitHub's number of it, and a hash of what was told last.
    remote_id = models.BigIntegerField(null=True, blank=True)
    told = models.CharField(max_length=64, blank=True, default="", db_default="")
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "outgoing"
        constraints = [
            models.UniqueConstraint(fields=["repository", "kind", "key"], name="outgoing_key")
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="outgoing_waiting", condition=models.Q(done_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.repository_id} {self.kind} {self.key}"

    @classmethod
    def ask(cls, rows: "list[Self]") -> None:
        """Have them told, in one statement; what waits for its next try goes on waiting."""
        cls.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["repository", "kind", "key"],
            update_fields=["asked_at", "done_at"],
        )

    def save_if(self, asked_at: Any, **fields: Any) -> bool:
        """Write columns, provided that nobody has asked since."""
        return bool(type(self).objects.filter(pk=self.pk, asked_at=asked_at).update(**fields))


class Messenger(models.Model):
    """Who tells the things of a repository: one at a time, so that they are told in order."""

    repository = models.OneToOneField(Repository, models.CASCADE, related_name="messenger")
    lease_owner = models.CharField(max_length=64, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    #: GitHub is not asked before: it was down, or wanted silence.
    due_at = models.DateTimeField(null=True, blank=True)
    #: Tries in a row that GitHub did not answer.
    failures = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Messenger of {self.repository_id}"

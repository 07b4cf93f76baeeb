from django.db import models

from .deployment import Deployment


class BuildStep(models.Model):
    """One vertex of BuildKit's graph, or one of Edaha's own steps around the build."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=500)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    cached = models.BooleanField(default=False)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["deployment", "number"], name="step_number")]

    def __str__(self) -> str:
        return f"#{self.number} {self.name}"

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        if self.started_at is None or self.completed_at is None:
            return None
        return (self.completed_at - self.started_at).total_seconds()


class LogChunk(models.Model):
    """Consecutive log lines of a deployment, many in one row because a row a line is slow.

    `lines` is a list of `[seconds since the epoch, step number, text]`; the first one has the
    line number `first`, counted from 1.
    """

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="chunks")
    first = models.PositiveIntegerField()
    lines = models.JSONField()
    #: Characters in it.
    size = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        ordering = ["first"]
        constraints = [models.UniqueConstraint(fields=["deployment", "first"], name="chunk_first")]

    def __str__(self) -> str:
        return f"{self.deployment_id}:{self.first}+{len(self.lines)}"

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1

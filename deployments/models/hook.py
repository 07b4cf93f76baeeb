from django.db import models
from django.utils.translation import gettext_lazy as _

from .deployment import Deployment


class Hook(models.Model):
    """A one-off task of a deployment: planned with its definitions, run at its time."""

    class Kind(models.TextChoices):
        RELEASE = "release", _("Before the release")
        DESTROY = "destroy", _("At the end")

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="hooks")
    kind = models.CharField(max_length=10, choices=Kind)
    #: The service whose task definition it runs, and the container that gets the command.
    service = models.CharField(max_length=40)
    container = models.CharField(max_length=255)
    command = models.JSONField(default=list)
    timeout_seconds = models.PositiveIntegerField()

    task_arn = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    #: Why it failed; empty while it runs, and when it succeeded.
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["deployment", "kind"], name="hook_kind")]

    def __str__(self) -> str:
        return f"{self.deployment} {self.kind}"

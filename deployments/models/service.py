from django.db import models

from ..config import config
from .deployment import Deployment

_NOTHING = models.Value([], models.JSONField())


class Service(models.Model):
    """One service of a deployment, with an address of its own, and what it has in AWS."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="services")
    #: As the application calls it.
    name = models.CharField(max_length=40)
    #: The DNS label before the previews' domain.
    label = models.CharField(max_length=63)
    #: What ECS and Cloud Map call it.
    release_name = models.CharField(max_length=63)

    #: The container that visitors reach, and its port.
    container = models.CharField(max_length=255)
    port = models.PositiveIntegerField()
    health_path = models.CharField(max_length=500, blank=True)
    #: Seconds a new task gets until it must answer.
    startup_seconds = models.PositiveIntegerField(default=120)

    #: What ECS is told: the arguments of RegisterTaskDefinition and of CreateService.
    task_definition = models.JSONField(default=dict)
    service_definition = models.JSONField(default=dict)
    #: What Edaha changed of what the team wrote: a list of {where, before, after, why}.
    changes = models.JSONField(default=list)
    #: What ECS would be told by the default branch's files in its place, for comparison:
    #: {"task_definition": …, "service_definition": …}, or None where they say nothing.
    baseline = models.JSONField(null=True, blank=True)

    #: Names in SSM under which Edaha keeps values for its containers; see pipeline/secrets.py.
    parameters = models.JSONField(default=list, db_default=_NOTHING, blank=True)

    task_definition_hash = models.CharField(max_length=64, blank=True)
    task_definition_arn = models.CharField(max_length=500, blank=True)
    discovery_service_arn = models.CharField(max_length=255, blank=True)
    ecs_deployment_id = models.CharField(max_length=64, blank=True)
    #: Since when its tasks run without a break; the application has to answer some time later.
    running_since = models.DateTimeField(null=True, blank=True)
    #: Where its rollout stands, in a sentence.
    progress = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "name"], name="service_name"),
            models.UniqueConstraint(fields=["deployment", "label"], name="service_label"),
        ]
        indexes = [
            models.Index(fields=["label"]),
            models.Index(fields=["task_definition_hash"]),
        ]

    def __str__(self) -> str:
        return f"{self.deployment} {self.name}"

    @property
    def url(self) -> str:
        return config().preview_url(self.label)

    @property
    def tags(self) -> dict[str, str]:
        """What everything of it in AWS is tagged with."""
        return {tag["key"]: tag["value"] for tag in self.service_definition.get("tags", ())}

    @property
    def is_default(self) -> bool:
        """Whether it is served at the preview's own address."""
        return self.label == self.deployment.branch.slug

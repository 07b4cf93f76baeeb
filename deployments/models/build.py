from django.db import models

from .deployment import Deployment


class Build(models.Model):
    """One image of a deployment: built for it, or found again since nothing in it has changed."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="builds")
    #: As the application calls it.
    name = models.CharField(max_length=40)
    #: `registry/repository@sha256:…`
    reference = models.CharField(max_length=500)
    reused = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["deployment", "name"], name="build_name")]
        indexes = [models.Index(fields=["reference"])]

    def __str__(self) -> str:
        return f"{self.deployment} {self.name}"

    @property
    def digest(self) -> str:
        return self.reference.rpartition("@")[2]

from django.db import models

from .deployment import Deployment


class Screenshot(models.Model):
    """What a live preview looked like when it went live, as people see it in the list."""

    deployment = models.OneToOneField(Deployment, models.CASCADE, related_name="screenshot")
    #: A PNG file.
    image = models.BinaryField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    taken_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.deployment} {self.width}×{self.height}"

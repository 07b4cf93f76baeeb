from django.db import models


class Pulse(models.Model):
    """A sign of life and progress of one part of the installation: `clock`, `control`, `build`."""

    part = models.CharField(max_length=20, unique=True)
    #: When the part showed that it works; None until it has.
    at = models.DateTimeField(null=True, blank=True)
    #: When it was asked for a sign last.
    asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["part"]

    def __str__(self) -> str:
        return self.part

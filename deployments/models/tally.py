from datetime import UTC, datetime

from django.db import models
from django.db.models import F


class Tally(models.Model):
    """How often something happened in an hour: for charts, and kept for as long as they go back."""

    class Name(models.TextChoices):
        #: Calls that AWS refused since there were too many of them.
        THROTTLED = "throttled"

    name = models.CharField(max_length=30, choices=Name)
    #: When the hour began.
    hour = models.DateTimeField()
    number = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["hour"]
        verbose_name_plural = "tallies"
        constraints = [models.UniqueConstraint(fields=["name", "hour"], name="tally_hour")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h {self.name}: {self.number}"

    @classmethod
    def note(cls, name: Name, now: datetime, number: int) -> None:
        """Like `add`; no write where there is nothing to count."""
        if number:
            cls.add(name, now, number)

    @classmethod
    def add(cls, name: Name, now: datetime, number: int = 1) -> None:
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        tally, is_new = cls.objects.get_or_create(name=name, hour=hour, defaults={"number": number})
        if not is_new:
            cls.objects.filter(pk=tally.pk).update(number=F("number") + number)

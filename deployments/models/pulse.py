from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q


class Pulse(models.Model):
    """A sign of life and progress of one part of the installation."""

    class Part(models.TextChoices):
        #: The clock, and a control worker that hears it.
        CONTROL = "control"
        #: A build worker that takes work.
        BUILD = "build"
        #: Not a part: when build workers were asked last to give back disk.
        TIDY = "tidy"
        #: Likewise: when old rows were deleted last.
        FORGET = "forget"

    part = models.CharField(max_length=20, unique=True, choices=Part)
    #: When the part showed that it works; None until it has.
    at = models.DateTimeField(null=True, blank=True)
    #: When it was asked for a sign last.
    asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["part"]

    def __str__(self) -> str:
        return self.part

    @classmethod
    def show(cls, part: Part, now: datetime, *, at_most_every: timedelta = timedelta(0)) -> None:
        """Say that the part works; no write while its last sign is young enough."""
        cls._note(part, "at", now, at_most_every)

    @classmethod
    def is_time_to_ask(cls, part: Part, now: datetime, every: timedelta) -> bool:
        """Whether it was not asked within that time; notes that it is asked now."""
        return cls._note(part, "asked_at", now, every)

    @classmethod
    def _note(cls, part: Part, field: str, now: datetime, every: timedelta) -> bool:
        is_old = Q(**{field: None}) | Q(**{f"{field}__lte": now - every})
        if cls.objects.filter(is_old, part=part).update(**{field: now}):
            return True
        if cls.objects.filter(part=part).exists():
            return False
        _, is_new = cls.objects.get_or_create(part=part, defaults={field: now})
        return is_new

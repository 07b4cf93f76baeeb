from datetime import timedelta

from django.db import models
from django.utils import timezone

#: Longer than any code is good for.
_KEPT = timedelta(minutes=10)


class Redeemed(models.Model):
    """A one-time code that was used: the row is what makes a second use fail."""

    code = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name_plural = "redeemed"

    def __str__(self) -> str:
        return self.code

    @classmethod
    def take(cls, code: str) -> bool:
        """Whether this is the first use, of whoever asks at the same time as well."""
        cls.objects.filter(at__lt=timezone.now() - _KEPT).delete()
        return cls.objects.get_or_create(code=code)[1]

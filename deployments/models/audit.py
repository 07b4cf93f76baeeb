from typing import Any, NoReturn

from django.db import models


class AuditEntry(models.Model):
    """One thing that somebody did. Written once by `deployments.audit`, and never changed."""

    #: From 1 on, without a gap.
    number = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    #: The network address that it came from, or "command line".
    origin = models.CharField(max_length=100, blank=True)
    #: What was done, such as preview.destroy.
    action = models.CharField(max_length=60)
    #: What it was done to, as people call it.
    subject = models.CharField(max_length=500)
    #: The repository's id and name at that time: entries outlive repositories.
    repository = models.PositiveBigIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    #: Hash of the entry before, and of this one with that in it; SHA-256 in hex.
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["-number"]
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["repository", "-number"], name="audit_of_repository")]

    def __str__(self) -> str:
        return f"{self.number}: {self.actor} {self.action} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            self._refuse()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise TypeError("The audit log is only ever appended to.")


class AuditHead(models.Model):
    """The end of the chain: whoever appends holds it, and what is cut off is missed."""

    number = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.number}: {self.digest}"

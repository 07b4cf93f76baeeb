from django.db import models

from .repository import Repository


class Poll(models.Model):
    """When a repository's branches are looked at next, where nobody tells of pushes."""

    repository = models.OneToOneField(Repository, models.CASCADE, related_name="poll")
    #: While somebody looks, the time at which another one may.
    due_at = models.DateTimeField(db_index=True)
    #: When git answered last.
    looked_at = models.DateTimeField(null=True, blank=True)
    #: Why it did not the last time; empty where it did.
    problem = models.CharField(max_length=500, blank=True)
    #: How often it has not, one after the other.
    failures = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"poll of {self.repository}"

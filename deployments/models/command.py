from django.db import models

from .repository import Repository


class Command(models.Model):
    """One comment that told Edaha what to do; it is done once, however often GitHub tells of it."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="commands")
    #: GitHub's number of the comment.
    comment = models.BigIntegerField()
    pull_request = models.PositiveIntegerField()
    author = models.CharField(max_length=100)
    #: When it was first heard.
    created_at = models.DateTimeField(auto_now_add=True)
    #: When it was done, or refused; None while it may be tried again.
    done_at = models.DateTimeField(null=True, blank=True)
    is_refused = models.BooleanField(default=False)
    #: What came of it, for people.
    outcome = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "comment"], name="command_once")
        ]
        indexes = [
            models.Index(fields=["repository", "pull_request", "created_at"], name="command_lately")
        ]

    def __str__(self) -> str:
        return f"comment {self.comment} on {self.repository}#{self.pull_request}"

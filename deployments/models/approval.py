from django.db import models

from .branch import Branch
from .deployment import Deployment


class Approval(models.Model):
    """That somebody let one commit of a stranger be built and run: this commit, and no other."""

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="approvals")
    #: What was made of it at once; others of the same commit may follow.
    deployment = models.ForeignKey(
        Deployment, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    commit = models.CharField(max_length=64)
    actor = models.CharField(max_length=150)
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["branch", "commit"], name="approval_of_commit")]

    def __str__(self) -> str:
        return f"{self.branch}: {self.commit[:7]} by {self.actor}"

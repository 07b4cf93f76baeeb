from django.db import models

from .branch import Branch
from .deployment import Deployment


class Transition(models.Model):
    """One move of a branch's or a deployment's state: the history, and the feed of live pages.

    The id is the event's id: whoever has seen number N asks for what is greater.
    """

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="transitions")
    deployment = models.ForeignKey(
        Deployment, models.CASCADE, null=True, blank=True, related_name="transitions"
    )
    before = models.CharField(max_length=12)
    after = models.CharField(max_length=12)
    reason = models.TextField(blank=True)
    actor = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            # What people did, newest first.
            models.Index(
                fields=["-id"], name="transition_by_people", condition=~models.Q(actor="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch_id}: {self.before} → {self.after}"

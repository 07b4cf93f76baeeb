from django.db import models

from .branch import Branch
from .repository import Repository


class Delivery(models.Model):
    """One webhook as it arrived, and what was decided about it.

    Rows are inserted by `dashboard.webhooks` with plain SQL, many at a time; the row is the
    outbox, so whatever it says is acted upon even if every process dies right after.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        DECIDED = "decided"
        FAILED = "failed"

    guid = models.CharField(max_length=64, unique=True)
    event = models.CharField(max_length=64)
    payload = models.BinaryField()
    #: Which secret signed it (`Secret.key_id`): a repository accepts its own only.
    key_id = models.CharField(max_length=16)
    received_at = models.DateTimeField()

    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    action = models.CharField(max_length=40, blank=True)
    decision = models.TextField(blank=True)
    repository = models.ForeignKey(
        Repository, models.SET_NULL, null=True, blank=True, related_name="deliveries"
    )
    branch = models.ForeignKey(
        Branch, models.SET_NULL, null=True, blank=True, related_name="deliveries"
    )
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    #: Who had it decided about once more, and when.
    replayed_by = models.CharField(max_length=150, blank=True, default="", db_default="")
    replayed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="delivery_pending",
                condition=models.Q(state="pending"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.guid}"

from django.db import models
from django.db.models.lookups import IsNull


class Reconciliation(models.Model):
    """One comparison of what is wanted with what is: git, GitHub, AWS."""

    #: Who asked for it; empty where the clock did.
    asked_by = models.CharField(max_length=150, blank=True)
    started_at = models.DateTimeField()
    #: A sign of life: a pass whose worker died is given up some minutes after it.
    beat_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    #: What was looked at: name → number.
    counts = models.JSONField(default=dict)
    #: What was not as it should be: a list of {"what": …, "done": …}.
    findings = models.JSONField(default=list)
    #: What could not be compared, and why: a list of sentences.
    problems = models.JSONField(default=list)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            # Whoever is second to begin one is told so by the database.
            models.UniqueConstraint(
                IsNull(models.F("finished_at"), True),
                name="one_reconciliation_at_a_time",
                condition=models.Q(finished_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"reconciliation {self.pk}"

from django.db import models

from .repository import Repository


class ImageSet(models.Model):
    """The images of one commit that somebody else has built, such as GitHub Actions.

    Never changed: where a commit is built anew, there is a newer one. It may be there before the
    branch's own row, since the delivery that tells of the push may be late.
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="image_sets")
    #: As `Branch.name`; a pull request from a fork has a name of its own there.
    branch_name = models.CharField(max_length=255)
    commit = models.CharField(max_length=64)
    #: Name → `registry/repository@sha256:…`, each one checked when it was handed over.
    images = models.JSONField()
    #: The page of the run that built them; empty where nobody told.
    run_url = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["repository", "branch_name"], name="imageset_branch")]

    def __str__(self) -> str:
        return f"{self.repository}:{self.branch_name} {self.commit[:7]}"

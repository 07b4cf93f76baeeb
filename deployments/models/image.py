from django.db import models

from .repository import Repository


class Image(models.Model):
    """A pushed image, found again by what went into it: an unchanged tree needs no build."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="images")
    #: Hash of the git tree and of every build input.
    build_key = models.CharField(max_length=64)
    digest = models.CharField(max_length=71)
    #: `registry/repository@sha256:…`
    reference = models.CharField(max_length=500)
    #: From the image's own configuration: EXPOSE for each platform.
    ports = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "build_key"], name="image_build_key")
        ]

    def __str__(self) -> str:
        return self.reference

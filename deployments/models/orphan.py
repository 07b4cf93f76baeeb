from django.db import models


class Orphan(models.Model):
    """Something in AWS, or on a disk, that carries this installation's tags and stands for nothing.

    It is removed once it has been seen for the grace period; a row whose thing is gone, or stands
    for something again, is deleted. Removed ones stay for people to read.
    """

    class Kind(models.TextChoices):
        ECS_SERVICE = "ecs_service"
        ECS_TASK = "ecs_task"
        TASK_DEFINITION = "task_definition"
        CLOUD_MAP_SERVICE = "cloud_map_service"
        IMAGE = "image"
        PARAMETER = "parameter"

    kind = models.CharField(max_length=20, choices=Kind)
    #: Its ARN; of an image `registry/repository@digest`.
    arn = models.CharField(max_length=500, unique=True)
    first_seen_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    #: Why the last try to remove it failed.
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-first_seen_at", "-pk"]

    def __str__(self) -> str:
        return self.arn

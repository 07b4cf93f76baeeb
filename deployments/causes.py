"""Kinds of failures: what went wrong, and who can mend it."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Fault(TextChoices):
    """Who can mend it."""

    APPLICATION = "application", _("The application’s repository")
    SETTINGS = "settings", _("The repository’s settings in Edaha")
    PLATFORM = "platform", _("The platform")
    EDAHA = "edaha", _("Edaha")


class Cause(TextChoices):
    """Why a deployment failed; stored, so a name here stays."""

    DOCKERFILE = "dockerfile", _("A step of the Dockerfile failed")
    DEFINITIONS = "definitions", _("The definitions cannot be used")
    BASE_IMAGE = "base_image", _("A base image cannot be had")
    MISSING_FILE = "missing_file", _("A file is missing")
    MISSING_SECRET = "missing_secret", _("A secret is missing")
    PORT = "port", _("It listens on another port")
    MEMORY = "memory", _("It ran out of memory")
    CRASH = "crash", _("The application ends by itself")
    HEALTH_CHECK = "health_check", _("Its health check fails")
    NO_ANSWER = "no_answer", _("It does not answer")
    IMAGE_PLATFORM = "image_platform", _("The image is for another processor")
    IMAGE_PULL = "image_pull", _("The image cannot be pulled")
    NO_IMAGES = "no_images", _("No images came from GitHub Actions")
    HOOK = "hook", _("A hook failed")
    CAPACITY = "capacity", _("There is no capacity")
    PERMISSION = "permission", _("A permission is missing")
    LIMIT = "limit", _("A limit is reached")
    TIME = "time", _("It took too long")
    GIT = "git", _("The repository cannot be read")
    AWS = "aws", _("AWS does not do what it should")
    INSIDE = "inside", _("An error inside Edaha")
    OTHER = "other", _("Another reason")


_FAULTS = {
    Cause.MEMORY: Fault.APPLICATION,
    Cause.CAPACITY: Fault.PLATFORM,
    Cause.PERMISSION: Fault.PLATFORM,
    Cause.LIMIT: Fault.SETTINGS,
    Cause.GIT: Fault.SETTINGS,
    Cause.AWS: Fault.PLATFORM,
    Cause.INSIDE: Fault.EDAHA,
    Cause.OTHER: Fault.PLATFORM,
}


def fault(cause: Cause) -> Fault:
    """Who can mend it: whoever writes the application, unless it is told otherwise here."""
    return _FAULTS.get(cause, Fault.APPLICATION)

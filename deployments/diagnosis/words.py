"""A failure in words: what happened, whose it is to mend, and what to do."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..causes import Cause, Fault, fault
from ..models import Deployment
from .details import Details, details

#: What to do, in order; the reader is who can mend it.
_STEPS: dict[Cause, Sequence[str | Promise]] = {
    Cause.DOCKERFILE: (
        gettext_lazy("Read the error above: it is what the command printed."),
        gettext_lazy("Run “docker build .” on your own machine to see the same, and push a fix."),
    ),
    Cause.DEFINITIONS: (
        gettext_lazy("Correct the file and line that the message names, and push."),
        gettext_lazy("“bin/manage definitions” says the same before you push."),
    ),
    Cause.BASE_IMAGE: (
        gettext_lazy("Check the image’s name and tag behind FROM."),
        gettext_lazy("A private image needs a login on the build workers."),
    ),
    Cause.MISSING_FILE: (
        gettext_lazy("Check the path, capitals and small letters included."),
        gettext_lazy("See whether .dockerignore leaves the file out, or git does not have it."),
    ),
    Cause.MISSING_SECRET: (
        gettext_lazy("Create the secret under exactly this name, in this region."),
        gettext_lazy("An administrator has to allow it for the repository."),
        gettext_lazy("Then redeploy: nothing has to be pushed."),
    ),
    Cause.PORT: (
        gettext_lazy("Have the application listen on 0.0.0.0, not on 127.0.0.1."),
        gettext_lazy("Make EXPOSE, or the port in edaha.yml, the port that it listens on."),
    ),
    Cause.MEMORY: (
        gettext_lazy("Give it more memory in edaha.yml, or in the repository’s settings."),
        gettext_lazy("If the build ran out of it, have it do less at a time."),
    ),
    Cause.CRASH: (
        gettext_lazy("Read what the application printed last."),
        gettext_lazy("Often a variable is missing, or a database cannot be reached."),
    ),
    Cause.HEALTH_CHECK: (
        gettext_lazy("Try the health check’s command in the container."),
        gettext_lazy("Give the application more time to start, if it needs that."),
    ),
    Cause.NO_ANSWER: (
        gettext_lazy("Open the health path yourself: it has to answer below 500."),
        gettext_lazy("Give the application more time to start, if it needs that."),
    ),
    Cause.IMAGE_PLATFORM: (
        gettext_lazy("Remove “--platform” from FROM, or set the platforms in edaha.yml."),
    ),
    Cause.IMAGE_PULL: (
        gettext_lazy("Redeploy without the build cache: that builds and pushes the image again."),
        gettext_lazy("If it stays: the execution role may lack the registry."),
    ),
    Cause.NO_IMAGES: (
        gettext_lazy("Look at the workflow’s run on GitHub: did it build and push the images?"),
        gettext_lazy("Run the workflow again: it hands the images over, and Edaha deploys them."),
        gettext_lazy("If it ran well: its last step has to hand the images to Edaha."),
    ),
    Cause.HOOK: (gettext_lazy("Read what the hook printed, correct it, and push."),),
    Cause.CAPACITY: (
        gettext_lazy("Try again in a few minutes."),
        gettext_lazy("If it stays: the cluster is full, or AWS has no such capacity."),
    ),
    Cause.PERMISSION: (
        gettext_lazy("Give an administrator this message: it names the permission."),
    ),
    Cause.LIMIT: (gettext_lazy("Destroy a preview that nobody needs, or have the limit raised."),),
    Cause.TIME: (
        gettext_lazy("Look in the steps for what took so long."),
        gettext_lazy("Copy the list of packages before the sources, so that it can be cached."),
    ),
    Cause.GIT: (
        gettext_lazy("Check the repository’s address and the access to it."),
        gettext_lazy("Then redeploy: nothing has to be pushed."),
    ),
    Cause.AWS: (gettext_lazy("Try again in a few minutes; AWS’s status page may tell more."),),
    Cause.INSIDE: (
        gettext_lazy("Try again. If it stays, the workers’ log tells an administrator why."),
    ),
}
_UNKNOWN: Sequence[str | Promise] = (
    gettext_lazy("Edaha does not know this failure. The end of the log may tell more."),
    gettext_lazy("Try again; if it stays, show an administrator this page."),
)


class Words(NamedTuple):
    """In the current language."""

    what: str
    whose: str
    steps: Sequence[str | Promise]
    cause: Cause

    @property
    def is_platforms(self) -> bool:
        """Whether nothing in the repository can mend it."""
        return fault(self.cause) in {Fault.PLATFORM, Fault.EDAHA}


def words(deployment: Deployment) -> Words:
    """Of a deployment that failed."""
    cause = Cause(deployment.cause) if deployment.cause in Cause.values else Cause.OTHER
    named = details(deployment.error, deployment.hint)
    return Words(
        _what(deployment, cause, named),
        _whose(fault(cause)),
        [*_named_steps(cause, named), *_STEPS.get(cause, _UNKNOWN)],
        cause,
    )


def _what(deployment: Deployment, cause: Cause, named: Details) -> str:
    """With what it is about, where the error names that."""
    file, _colon, line = named.place.rpartition(":")
    values = named._asdict() | {"file": file, "line": line}
    if cause == Cause.DOCKERFILE and named.place:
        return _("A step of the Dockerfile failed: %(file)s, line %(line)s.") % values
    if cause == Cause.MISSING_FILE and named.missing:
        return _("There is no file or folder “%(missing)s”.") % values
    if cause == Cause.MISSING_SECRET and named.secret:
        return _("The secret “%(secret)s” is missing.") % values
    if cause == Cause.MEMORY and deployment.built_at is None:
        return _("The build ran out of memory.")
    if cause == Cause.PORT and named.listens and named.listens == named.port:
        return _("It listens on 127.0.0.1, where nobody outside of its container reaches it.")
    if cause == Cause.PORT and named.listens and named.port:
        return _("It listens on port %(listens)d, and visitors come to port %(port)d.") % values
    return str(cause.label) + _(".")


def _named_steps(cause: Cause, named: Details) -> list[str]:
    if cause == Cause.PORT and named.listens and named.listens != named.port:
        return [_("Set its port to %(listens)d, or have it listen on PORT.") % named._asdict()]
    return []


def _whose(whose: Fault) -> str:
    return _("To be mended in: %(place)s") % {"place": whose.label}

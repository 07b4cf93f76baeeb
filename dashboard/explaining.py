"""A failure in words that help: what happened, whose it is to mend, what to do, and where it says
so."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deployments.causes import Cause, Fault, fault
from deployments.models import Deployment
from deployments.states import DeploymentState

from . import loglines
from .ansi import to_text

#: As much of the log's line as one reads at a glance.
_QUOTED = 300
_DOCKERFILE_LINE = re.compile(r"Dockerfile:(\d{1,5})")

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


class Explanation(NamedTuple):
    what: str
    whose: str
    steps: Sequence[str | Promise]
    #: The log's line that tells it; 0 and empty where none does.
    line: int
    quote: str
    #: In the words of whoever failed.
    message: str
    hint: str


def explain(deployment: Deployment | None) -> Explanation | None:
    """None for a deployment that did not fail."""
    if deployment is None or deployment.state != DeploymentState.FAILED:
        return None
    cause = Cause(deployment.cause) if deployment.cause in Cause.values else Cause.OTHER
    return Explanation(
        _what(deployment, cause),
        _whose(fault(cause)),
        _STEPS.get(cause, _UNKNOWN),
        deployment.error_line or 0,
        _quote(deployment),
        deployment.error,
        deployment.hint,
    )


def _what(deployment: Deployment, cause: Cause) -> str:
    found = _DOCKERFILE_LINE.search(deployment.error)
    if cause == Cause.DOCKERFILE and found:
        line = {"line": int(found[1])}
        return _("A step of the Dockerfile failed, the one in line %(line)d.") % line
    return str(cause.label) + _(".")


def _whose(whose: Fault) -> str:
    return _("To be mended in: %(place)s") % {"place": whose.label}


def _quote(deployment: Deployment) -> str:
    if not deployment.error_line:
        return ""
    found = loglines.lines(deployment.pk, deployment.error_line, 1)
    return to_text(found[0][2]).strip()[:_QUOTED] if found else ""

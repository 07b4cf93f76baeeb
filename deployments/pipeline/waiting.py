"""What a queued deployment waits for, as people are told."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from .order import Reason, Wait

_SENTENCES = {
    Reason.WORKER: gettext_noop("It waits for a free build worker."),
    Reason.BUILDS: gettext_noop("%(repository)s has %(used)d of %(limit)d builds running."),
    Reason.ALL_BUILDS: gettext_noop("%(used)d of %(limit)d builds are running."),
    Reason.PREVIEWS: gettext_noop("%(repository)s has %(used)d of %(limit)d previews."),
    Reason.ALL_PREVIEWS: gettext_noop("There are %(used)d of %(limit)d previews."),
    Reason.RATE: gettext_noop(
        "%(repository)s began %(used)d of %(limit)d deployments within the last hour."
    ),
}

_HINTS = {
    Reason.WORKER: "Is a build worker running? Start one, or more of them, then redeploy.",
    Reason.BUILDS: "Redeploy, or raise the limit: manage repository set {repository} "
    "--max-builds N.",
    Reason.ALL_BUILDS: "Redeploy, or raise EDAHA_MAX_BUILDS.",
    Reason.PREVIEWS: "Destroy one, or raise the limit: manage repository set {repository} "
    "--max-previews N. Then redeploy.",
    Reason.ALL_PREVIEWS: "Destroy one, or raise EDAHA_MAX_PREVIEWS. Then redeploy.",
    Reason.RATE: "Redeploy later, or raise the limit: manage repository set {repository} "
    "--deployments-per-hour N.",
}


def sentence(wait: Wait, repository: str) -> str:
    """What it waits for, in the current language."""
    told = {"repository": repository, "used": wait.used, "limit": wait.limit}
    return _(_SENTENCES[wait.reason]) % told


def for_images() -> str:
    """What a deployment waits for whose images are built elsewhere."""
    return _("It waits for the images that GitHub Actions builds.")


def given_up(wait: Wait, repository: str, after: timedelta) -> tuple[str, str]:
    """The error and its hint for one that has waited too long."""
    why = sentence(wait, repository)
    if wait.reason == Reason.WORKER:
        why = "no build worker took it."
    hours = after / timedelta(hours=1)
    return f"It waited for {hours:g} hours: {why}", _HINTS[wait.reason].format(
        repository=repository
    )

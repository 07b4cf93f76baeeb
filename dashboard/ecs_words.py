"""ECS's events and tasks in plain words.

The messages are AWS's:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
"""

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: What a message contains, and what it means; the first that fits counts.
_EVENTS: tuple[tuple[str, str | Promise], ...] = (
    (r"has reached a steady state", _("Everything runs as wanted.")),
    (r"deployment \S+ completed", _("The new version has taken over.")),
    (r"deployment \S+ deployment failed", _("The new version could not start: ECS gave it up.")),
    (r"rolling back to deployment", _("ECS goes back to the version before.")),
    (r"has started \d+ tasks?", _("A copy is being started.")),
    (r"has begun draining connections", _("A copy gets no new visitors, and ends.")),
    (r"has stopped \d+ running tasks?|has stopped \d+ pending tasks?", _("A copy was stopped.")),
    (r"failed container health checks", _("A copy failed its health check, and is replaced.")),
    (r"is unhealthy in", _("A copy does not answer, and is replaced.")),
    (r"unable to place a task.*(memory|cpu|resource:)", _("The cluster has too little room.")),
    (r"unable to place a task.*[Cc]apacity is unavailable", _("AWS has no capacity at present.")),
    (r"unable to place a task", _("ECS found no place for a copy.")),
    (r"unable to consistently start tasks", _("Copies end again and again: ECS slows down.")),
    (r"was unable to (?:assume|pull|register)|is unable to", _("ECS lacks a permission.")),
    (r"registered \d+ (instances|targets)", _("A copy can be reached now.")),
    (r"deregistered \d+ (instances|targets)", _("A copy can no longer be reached.")),
    (r"operations are being throttled", _("AWS answers slowly: too many calls.")),
)
_KNOWN = tuple((re.compile(pattern), words) for pattern, words in _EVENTS)

_TASKS: dict[str, str | Promise] = {
    "PROVISIONING": _("is being prepared"),
    "PENDING": _("is being started"),
    "ACTIVATING": _("is being started"),
    "RUNNING": _("runs"),
    "DEACTIVATING": _("is being stopped"),
    "STOPPING": _("is being stopped"),
    "DEPROVISIONING": _("is being stopped"),
    "STOPPED": _("has stopped"),
    "DELETED": _("has stopped"),
}
_HEALTH: dict[str, str | Promise] = {
    "HEALTHY": _("its health check succeeds"),
    "UNHEALTHY": _("its health check fails"),
}
#: 128 and the number of the signal that ended it: signal(7).
_EXITS: dict[int, str | Promise] = {
    0: _("it ended by itself"),
    1: _("it ended with an error"),
    126: _("its command may not be executed"),
    127: _("its command was not found"),
    137: _("it was killed, as it is where memory runs out"),
    139: _("it crashed"),
    143: _("it was told to stop"),
}


def event(message: str) -> str:
    """A service event as a sentence; as it is where nobody knows it."""
    return next((str(words) for known, words in _KNOWN if known.search(message)), message)


def status(task_status: str) -> str:
    return str(_TASKS.get(task_status, task_status))


def health(task_health: str) -> str:
    """Empty where there is no health check."""
    return str(_HEALTH.get(task_health, ""))


def exit_code(code: int) -> str:
    """What an exit code tells."""
    return str(_EXITS.get(code, _("it ended with an error")))

"""When a service has had its time, and what to say of it then."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from ..adapters.preview import Answer
from ..causes import Cause
from ..diagnosis import Listening, diagnose, listening
from ..errors import UserError
from ..models import Deployment, Service

#: What ECS gets to place a task, pull its image and start it.
_PLACEMENT = timedelta(minutes=10)


def is_late(deployment: Deployment, service: Service) -> bool:
    if service.running_since:
        deadline = service.running_since + timedelta(seconds=service.startup_seconds)
    else:
        deadline = (deployment.released_at or deployment.created_at) + _PLACEMENT
    return timezone.now() > deadline


def late_error(
    service: Service, answer: Answer | None, printed: Sequence[str], events: Sequence[str]
) -> UserError:
    """Why it is not up, from its last answer, its containers' last lines and ECS's last events."""
    if answer is None:
        return UserError(
            f"ECS did not get the task to run within {_PLACEMENT.seconds // 60} minutes.",
            hint="The service's events in the log tell why: often capacity, roles or the network.",
            cause=_cause_of_events(events),
        )
    heard = listening(printed)
    return UserError(
        f"The application did not answer on port {service.port} within "
        f"{service.startup_seconds} s: {answer.detail}.",
        hint=f"{_says(heard, service.port)}Make it listen on 0.0.0.0:{service.port} "
        "(not 127.0.0.1), or set its port, health path or start-up time.",
        cause=_cause(answer, heard, service.port),
    )


def _cause_of_events(events: Sequence[str]) -> Cause:
    found = diagnose(" ".join(events), ()).cause
    return Cause.TIME if found == Cause.OTHER else found


def _says(heard: Listening | None, port: int) -> str:
    if heard is None or (heard.port == port and not heard.is_inside_only):
        return ""
    where = "127.0.0.1 " if heard.is_inside_only else ""
    return f"Its log says that it listens on {where}port {heard.port}. "


def _cause(answer: Answer, heard: Listening | None, port: int) -> Cause:
    if "it answered" in answer.detail:
        return Cause.HEALTH_CHECK
    is_elsewhere = heard is not None and (heard.port != port or heard.is_inside_only)
    return Cause.PORT if is_elsewhere else Cause.NO_ANSWER

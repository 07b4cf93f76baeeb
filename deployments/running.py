"""What ECS says of a deployment's services at this moment, for people who look at its page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from .adapters import ecs
from .models import Deployment, Service

#: As much of the past as somebody looks through.
_EVENTS, _STOPPED = 10, 3


class Event(NamedTuple):
    at: datetime
    #: In ECS's own words.
    message: str


class Task(NamedTuple):
    """One running copy, or one that ran until a short while ago."""

    id: str
    #: ECS's word: PROVISIONING, PENDING, RUNNING, … STOPPED.
    status: str
    #: HEALTHY, UNHEALTHY, or UNKNOWN where there is no health check.
    health: str
    started_at: datetime | None
    stopped_at: datetime | None
    #: Why it stopped, in ECS's own words; empty while it runs.
    stopped_reason: str
    #: Container → exit code, of those that ended.
    exit_codes: dict[str, int]


class Running(NamedTuple):
    """One service as it is; without counts where ECS has none of that name."""

    service: Service
    is_there: bool
    desired: int
    running: int
    pending: int
    tasks: list[Task]
    events: list[Event]


def look(deployment: Deployment) -> list[Running]:
    """Ask ECS; raises PlatformError where it does not answer."""
    services = list(deployment.services.all())
    names = [service.release_name for service in services]
    described = ecs.describe_services(deployment.cluster, names)
    return [
        _running(deployment.cluster, service, described.get(service.release_name))
        for service in services
    ]


def _running(cluster: str, service: Service, described: Mapping[str, Any] | None) -> Running:
    if described is None or described.get("status") == "INACTIVE":
        return Running(service, False, 0, 0, 0, [], [])
    tasks = ecs.tasks(cluster, service.release_name)
    stopped = ecs.tasks(cluster, service.release_name, stopped=True)
    stopped.sort(key=lambda task: task.get("stoppedAt", datetime.min), reverse=True)
    return Running(
        service,
        True,
        described.get("desiredCount", 0),
        described.get("runningCount", 0),
        described.get("pendingCount", 0),
        [_task(each) for each in [*tasks, *stopped[:_STOPPED]]],
        [Event(each["createdAt"], each["message"]) for each in described["events"][:_EVENTS]],
    )


def _task(task: Mapping[str, Any]) -> Task:
    return Task(
        task["taskArn"].rpartition("/")[2],
        task.get("lastStatus", ""),
        task.get("healthStatus", "UNKNOWN"),
        task.get("startedAt"),
        task.get("stoppedAt"),
        task.get("stoppedReason", ""),
        {
            each["name"]: each["exitCode"]
            for each in task.get("containers", ())
            if "exitCode" in each
        },
    )

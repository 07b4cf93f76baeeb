"""How containers stand, in ECS's words, and what that means for their task. No calls.

Members of a container's record that begin with _ are this sandbox's own; MiniStack shows none
of them to its clients.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sandbox.emulator import containers, order

Record = dict[str, Any]  # an element of a task's containers

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
HEALTH = {"healthy": "HEALTHY", "unhealthy": "UNHEALTHY"}  # by Docker's word
NEVER_RAN = 143  # the exit code that ECS's agent tells of a container that it could not start


class Ending(NamedTuple):
    """Why a task stops, as DescribeTasks tells it."""

    reason: str
    code: str  # stopCode


def prepare(record: Record, definition: Mapping[str, Any], wave: int) -> None:
    """Keeps with a container what is needed to judge it and to stop it."""
    record["_essential"] = bool(definition.get("essential", True))
    record["_checked"] = bool(definition.get("healthCheck"))
    record["_stop_timeout"] = containers.stop_timeout(definition)
    record["_wave"] = wave


def note(record: Record, state: Mapping[str, Any]) -> None:
    """Takes over Docker's `State` of the container."""
    if state.get("Status") in ("exited", "dead"):
        record["exitCode"] = state.get("ExitCode", 0)
        if state.get("OOMKilled"):
            record["reason"] = OUT_OF_MEMORY
        record["lastStatus"] = "STOPPED"
    elif record.get("_checked"):
        health = (state.get("Health") or {}).get("Status", "")
        record["healthStatus"] = HEALTH.get(health, "UNKNOWN")


def refuse(record: Record, reason: str) -> None:
    """The container will never be started."""
    record |= {
        "lastStatus": "STOPPED",
        "exitCode": NEVER_RAN,
        "reason": f"CannotStartContainerError: dependency graph: {reason}",
        "_refused": True,
    }


def has_started(record: Record) -> bool:
    """Whether there is nothing more to do for its start."""
    return bool(record.get("_docker_id") or record.get("_refused"))


def seen(records: Iterable[Record]) -> dict[str, order.Seen]:
    """What a container that waits for others has to know of them."""
    now = time.time()
    return {
        each["name"]: order.Seen(
            ended=each["lastStatus"] == "STOPPED",
            exit_code=each.get("exitCode"),
            healthy=each.get("healthStatus") == "HEALTHY",
            age=now - each.get("_started_at", now),
        )
        for each in records
        if has_started(each)
    }


def task_health(records: Iterable[Record]) -> str:
    """Source: `healthStatus` of Task in the Amazon ECS API reference."""
    found = {each.get("healthStatus", "UNKNOWN") for each in records if each.get("_essential")}
    if "UNHEALTHY" in found:
        return "UNHEALTHY"
    return "HEALTHY" if found == {"HEALTHY"} else "UNKNOWN"


def ending(task: Mapping[str, Any]) -> Ending | None:
    """Why the task has to stop now; None while it may go on."""
    records = task["containers"]
    ended = [each for each in records if each["lastStatus"] == "STOPPED"]
    if any(each.get("_essential") and not each.get("_refused") for each in ended):
        return Ending("Essential container in task exited", "EssentialContainerExited")
    if any(each.get("_essential") for each in ended):
        return Ending("Task failed to start", "TaskFailedToStart")
    if len(ended) == len(records):
        return Ending("Essential container in task exited", "EssentialContainerExited")
    # Only a service's scheduler acts on health; a task of its own goes on.
    if is_of_service(task) and task_health(records) == "UNHEALTHY":
        return Ending("Task failed container health checks", "ServiceSchedulerInitiated")
    return None


def is_of_service(task: Mapping[str, Any]) -> bool:
    return str(task.get("group", "")).startswith("service:")

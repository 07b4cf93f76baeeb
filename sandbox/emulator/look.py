"""Asks Docker how a task's containers stand."""

from typing import Any

from docker.errors import NotFound  # type: ignore[import-untyped]
from ministack.core.concurrency import resource_lock

from sandbox.emulator import states

REMOVED = {"Status": "exited", "ExitCode": 137}  # what a container is that somebody removed


def refresh(task: dict[str, Any], docker: Any) -> None:
    """Brings the task's record up to what Docker says of its containers."""
    for record in task["containers"]:
        if record.get("_docker_id") and record["lastStatus"] != "STOPPED":
            state = _state(docker, record["_docker_id"])
            with resource_lock("ecs-task", task["taskArn"]):
                states.note(record, state)
    task["healthStatus"] = states.task_health(task["containers"])


def _state(docker: Any, container_id: str) -> dict[str, Any]:
    """Empty where Docker does not answer, which says nothing about the container."""
    try:
        return dict(docker.api.inspect_container(container_id)["State"])
    except NotFound:
        return REMOVED
    except Exception:
        return {}

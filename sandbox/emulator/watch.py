"""Looks at running tasks, and ends those that are over."""

import time
from typing import Any

from ministack.services import ecs

from sandbox.emulator import ending, look, states

INSPECT_EVERY = 0.5  # seconds between two looks at one running task; MiniStack asks more often


def end_if_over(task: dict[str, Any], docker: Any) -> bool:
    """Begins the task's end where its containers demand it."""
    over = states.ending(task)
    if over is None:
        return False
    ending.begin(task["taskArn"], task, over.reason, over.code)
    return True


def look_now_and_then(task: dict[str, Any], docker: Any = None) -> None:
    """Takes the place of MiniStack's own look; DescribeTasks and ListTasks call it too."""
    now = time.monotonic()
    docker = docker or ecs._get_docker()
    is_early = now - task.get("_inspected_at", 0.0) < INSPECT_EVERY
    if docker is None or task.get("lastStatus") != "RUNNING" or is_early:
        return
    task["_inspected_at"] = now
    look.refresh(task, docker)
    end_if_over(task, docker)


def install() -> None:
    ecs._maybe_mark_stopped = look_now_and_then

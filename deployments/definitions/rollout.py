"""Judges a rollout by what ECS says of it. Pure.

The ServicesStable waiter is no help: it is content with a rolled back service, and before the new
deployment even shows. What counts is the deployment's own id, its state and its tasks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

#: ECS tries again after a task has failed. Once may be bad luck (a spot instance that was taken
#: away); a second time the same way is not.
_FAILURES = 2

_HINTS = {
    137: "Exit code 137: it was killed, most likely for using more memory than it may have. "
    "Raise the repository's memory.",
    139: "Exit code 139: it crashed (segmentation fault).",
    126: "Exit code 126: its command is not executable.",
    127: "Exit code 127: its command was not found in the image.",
}


class Verdict(Enum):
    WAITING = "waiting"
    RUNNING = "running"
    FAILED = "failed"


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    #: A sentence about where it stands, or why it failed.
    message: str
    hint: str = ""
    #: Whose last log lines explain the failure.
    task_arn: str = ""


def judge(
    service: Mapping[str, Any] | None,
    deployment_id: str,
    stopped_tasks: Sequence[Mapping[str, Any]],
) -> Judgement:
    """Where the rollout of `deployment_id` stands.

    RUNNING: ECS calls it COMPLETED and as many tasks run as are desired; whether the application
    answers is another question.
    """
    if service is None or service.get("status") != "ACTIVE":
        return Judgement(Verdict.FAILED, "Somebody deleted the ECS service.", "Redeploy.")
    deployments = service.get("deployments", ())
    ours = next((d for d in deployments if d.get("id") == deployment_id), None)
    if ours is None or ours.get("status") != "PRIMARY":
        return Judgement(
            Verdict.FAILED, "The ECS service was changed by somebody else.", "Redeploy."
        )
    failures = [task for task in stopped_tasks if _is_failure(task)]
    if ours.get("rolloutState") == "FAILED" or len(failures) >= _FAILURES:
        return _failed(ours, failures)
    desired, running = ours.get("desiredCount", 1), ours.get("runningCount", 0)
    if ours.get("rolloutState") == "COMPLETED" and running >= desired > 0:
        return Judgement(Verdict.RUNNING, f"{running} of {desired} tasks run.")
    return Judgement(Verdict.WAITING, f"{running} of {desired} tasks run.")


def in_view_of(judgement: Judgement, printed: Sequence[str]) -> Judgement:
    """The judgement, with what the container's last lines tell better than its exit code."""
    if any("exec format error" in line for line in printed):
        return replace(
            judgement,
            message="The image's program is for another CPU architecture than its tasks run on.",
            hint="Build it for the first of the repository's platforms, or set other platforms.",
        )
    return judgement


def may_have_failed(service: Mapping[str, Any] | None) -> bool:
    """Whether its stopped tasks are worth asking for, which takes a call for each service.

    ECS tells of every task that it starts: after a single one, nothing was started again. Who
    tells nothing of the kind is asked.
    """
    messages = [str(event.get("message", "")) for event in (service or {}).get("events", ())]
    return sum("has started" in message for message in messages) != 1


def _is_failure(task: Mapping[str, Any]) -> bool:
    # A task whose container is UNHEALTHY is ended by the service's scheduler, like one that it has
    # too many of: only the reason tells.
    unhealthy = "failed container health checks" in task.get("stoppedReason", "")
    return unhealthy or task.get("stopCode") in {"EssentialContainerExited", "TaskFailedToStart"}


def _failed(ours: Mapping[str, Any], failures: Sequence[Mapping[str, Any]]) -> Judgement:
    if not failures:
        reason = ours.get("rolloutStateReason") or "ECS gave the deployment up."
        return Judgement(Verdict.FAILED, reason, "The service's events in the log tell more.")
    task = failures[0]
    arn = task.get("taskArn", "")
    if task.get("stopCode") == "TaskFailedToStart":
        return Judgement(
            Verdict.FAILED, f"The task could not start: {_why_not_started(task)}", task_arn=arn
        )
    if task.get("stopCode") != "EssentialContainerExited":
        hint = "Look at the health check's command, and at what the containers printed last."
        return Judgement(Verdict.FAILED, task["stoppedReason"], hint, arn)
    container = _culprit(task)
    code = container.get("exitCode")
    who = f"Container {container['name']}" if len(_containers(task)) > 1 else "The container"
    return Judgement(
        Verdict.FAILED,
        f"{who} exited by itself with code {'unknown' if code is None else code}.",
        _HINTS.get(code or 0, "The container's last lines are in the log."),
        arn,
    )


def _why_not_started(task: Mapping[str, Any]) -> str:
    reasons = [task.get("stoppedReason", "no reason given")]
    reasons += [each["reason"] for each in _containers(task) if each.get("reason")]
    return ". ".join(dict.fromkeys(reason.rstrip(".") for reason in reasons)) + "."


def _culprit(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """The container that most likely ended the task.

    The others have ended well before it, or were ended with it: by SIGTERM (143), and by SIGKILL
    (137) if they did not listen, which is also what happens to one that has no memory left.
    """
    last = {137: 2, 143: 3, 0: 4, None: 5}

    def innocence(container: Mapping[str, Any]) -> int:
        if "OutOfMemory" in container.get("reason", ""):
            return 0
        return last.get(container.get("exitCode"), 1)

    return min(_containers(task), key=innocence, default={"name": "?"})


def _containers(task: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    containers: Sequence[Mapping[str, Any]] = task.get("containers", ())
    return containers

"""One-off tasks on Amazon ECS: run a command in a container of a task definition, once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import orjson
from botocore.exceptions import ClientError

from ..errors import PlatformError, UserError
from .aws import client, code_of, told_as

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import TaskTypeDef

#: startedBy takes these characters, and RunTask's clientToken 64 of them:
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
_TOKEN = re.compile(r"[A-Za-z0-9_/-]{1,64}")
#: For all overrides together, as JSON; the same page.
_OVERRIDES_MAX = 8192
_TASKS_A_CALL = 100


@dataclass(frozen=True)
class TaskState:
    """How far a one-off task has come."""

    #: ECS's lastStatus; MISSING where ECS does not know the task, which is also so for a moment
    #: after it was started, and from an hour after its end.
    status: str
    #: Of the container that got the command; None where it did not run (yet).
    exit_code: int | None
    #: Why it stopped, in ECS's words; empty while it runs.
    reason: str
    #: Whether the command has ended. The task itself may go on with its other containers.
    is_over: bool


@dataclass(frozen=True)
class Command:
    """A command to run once, in a container of a task definition."""

    cluster: str
    #: The ARN of a revision.
    task_definition: str
    container: str
    command: Sequence[str]
    #: One token starts one task, however often it is tried.
    token: str
    #: A service's networkConfiguration.
    network: Mapping[str, Any] | None = None
    launch_type: str = ""
    strategy: Sequence[Mapping[str, Any]] = ()
    platform_version: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def run_task(command: Command) -> str:
    """Start the command, or find the task that an earlier try started; its ARN.

    Raises PlatformError(retry=True) where ECS has no room, with its own words.
    """
    request = run_task_request(command)
    found = find_task(command.cluster, command.task_definition, command.token)
    if found:
        return found
    with told_as("run a one-off task"):
        try:
            answer = _ecs().run_task(**request)
        except ClientError as problem:
            # An earlier try with other arguments was successful; its answer got lost.
            earlier: Any = problem.response.get("resourceIds", [])
            if code_of(problem) != "ConflictException" or not earlier:
                raise
            return str(earlier[0])
    if answer["tasks"]:
        return answer["tasks"][0]["taskArn"]
    raise _no_room([dict(each) for each in answer.get("failures", ())])


def run_task_request(command: Command) -> dict[str, Any]:
    """RunTask's arguments. Pure."""
    if not _TOKEN.fullmatch(command.token):
        raise ValueError(f"no token for a task: {command.token!r}")
    optional: dict[str, Any] = {
        "networkConfiguration": command.network,
        "capacityProviderStrategy": [dict(each) for each in command.strategy],
        # The two exclude each other.
        "launchType": "" if command.strategy else command.launch_type,
        "platformVersion": command.platform_version,
        "tags": [{"key": key, "value": value} for key, value in command.tags.items()],
    }
    return {
        "cluster": command.cluster,
        "taskDefinition": command.task_definition,
        "count": 1,
        "overrides": _overrides(command),
        # Makes a retry safe for 24 hours, or until an hour after the task's end:
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ECS_Idempotency.html
        "clientToken": command.token,
        "startedBy": command.token,
        "enableECSManagedTags": True,
        # SERVICE would be an error here.
        "propagateTags": "TASK_DEFINITION",
        **{key: value for key, value in optional.items() if value},
    }


def _overrides(command: Command) -> dict[str, Any]:
    override = {"name": command.container, "command": list(command.command)}
    overrides = {"containerOverrides": [override]}
    if len(orjson.dumps(overrides)) > _OVERRIDES_MAX:
        raise UserError(
            f"The command for container {command.container} is too long: ECS takes "
            f"{_OVERRIDES_MAX:,} characters.",
            hint="Put it into a script in the image.",
        )
    return overrides


def describe_task(cluster: str, arn: str, container: str = "") -> TaskState:
    """How a one-off task stands. `container` is the one with the command, as the task knows it."""
    with told_as("look at the one-off task"):
        found = _ecs().describe_tasks(cluster=cluster, tasks=[arn])["tasks"]
    return task_state(found[0], container) if found else TaskState("MISSING", None, "", False)


def task_state(task: "TaskTypeDef", container: str = "") -> TaskState:
    """What a task's description says of its command. Pure."""
    overrides = task.get("overrides", {}).get("containerOverrides", [])
    name = container or next((each["name"] for each in overrides if each.get("command")), "")
    containers = task.get("containers", [])
    own = next((each for each in containers if each.get("name") == name), None)
    status = task.get("lastStatus", "")
    is_over = status == "STOPPED" or (own or {}).get("lastStatus") == "STOPPED"
    reasons = [(own or {}).get("reason", ""), task.get("stoppedReason", "")]
    return TaskState(
        status,
        (own or {}).get("exitCode"),
        ". ".join(reason.rstrip(".") for reason in reasons if reason) if is_over else "",
        is_over,
    )


def stop_task(cluster: str, arn: str, reason: str) -> None:
    """Have a task stopped; no error where it is over, or unknown."""
    with told_as("stop the one-off task"):
        try:
            _ecs().stop_task(cluster=cluster, task=arn, reason=reason)
        except ClientError as problem:
            if code_of(problem) != "InvalidParameterException" or "not found" not in str(problem):
                raise


def find_task(cluster: str, task_definition: str, token: str) -> str:
    """The task that was started with `token` before; empty where there is none."""
    with told_as("look for the one-off task"):
        # startedBy must be the only filter, so stopped tasks are looked for by family:
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
        running = _ecs().list_tasks(cluster=cluster, startedBy=token)["taskArns"]
        if running:
            return running[0]
        family = task_definition.rpartition("/")[2].partition(":")[0]
        stopped: Literal["STOPPED"] = "STOPPED"
        pages = (
            _ecs()
            .get_paginator("list_tasks")
            .paginate(cluster=cluster, family=family, desiredStatus=stopped)
        )
        arns = [arn for page in pages for arn in page["taskArns"]]
        for start in range(0, len(arns), _TASKS_A_CALL):
            part = arns[start : start + _TASKS_A_CALL]
            for task in _ecs().describe_tasks(cluster=cluster, tasks=part)["tasks"]:
                if task.get("startedBy") == token:
                    return task["taskArn"]
    return ""


def _no_room(failures: Sequence[Mapping[str, Any]]) -> PlatformError:
    said = [
        ": ".join(str(each[field]) for field in ("reason", "detail") if each.get(field))
        for each in failures
    ]
    return PlatformError(
        f"ECS did not start the one-off task: {'; '.join(filter(None, said)) or 'no reason given'}",
        hint="Wait for free capacity, add some to the cluster, or ask for less CPU and memory.",
        retry=True,
    )


def _ecs() -> "ECSClient":
    ecs: ECSClient = client("ecs")
    return ecs

"""What Fargate does not offer.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
"""

from collections.abc import Iterator
from typing import Any

from ...fargate import SIZES, offered
from ..problems import Problem
from ..sizes import cpu_units, mebibytes
from .subject import Subject

_NOT_OFFERED = ("privileged", "dockerSecurityOptions", "dnsServers", "dnsSearchDomains")
_NOT_OF_LINUX = ("devices", "sharedMemorySize", "tmpfs", "maxSwap", "swappiness")
_LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
#: Seconds.
_TIMEOUTS = range(2, 120 + 1)
#: GiB: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EphemeralStorage.html
_STORAGE = range(21, 200 + 1)


def problems(subject: Subject) -> Iterator[Problem]:
    if not subject.on_fargate:
        return
    yield from _size(subject)
    yield from _task(subject)
    for position, name, container in subject.containers():
        for path, what in _of_container(container):
            message = f"Container {name} has {what}, which Fargate does not offer."
            yield subject.in_container(position, path, message, "Remove it, or run it on EC2.")
        for key in ("startTimeout", "stopTimeout"):
            if key in container and container[key] not in _TIMEOUTS:
                message = f"Container {name} has a {key} of {container[key]} s."
                yield subject.in_container(position, (key,), message, "Fargate takes 2 to 120.")


def _size(subject: Subject) -> Iterator[Problem]:
    cpu, memory = cpu_units(subject.task.get("cpu")), mebibytes(subject.task.get("memory"))
    for key, amount in (("cpu", cpu), ("memory", memory)):
        if amount is None and not subject.task.get(key):
            message = f"Fargate wants to know the task's {key}."
            yield subject.in_task((key,), message, f'Set "{key}" at the task.')
    if cpu is None:
        return
    if cpu not in SIZES:
        yield subject.in_task(
            ("cpu",),
            f"Fargate has no tasks with {cpu} CPU units.",
            f"It offers {', '.join(map(str, SIZES))}.",
        )
    elif memory is not None and memory not in SIZES[cpu]:
        yield subject.in_task(
            ("memory",),
            f"Fargate has no tasks with {cpu} CPU units and {memory} MiB of memory.",
            f"With {cpu} CPU units it offers {offered(cpu)} MiB.",
        )


def _task(subject: Subject) -> Iterator[Problem]:
    for key, what in (
        ("placementConstraints", "placement constraints"),
        ("ipcMode", "an IPC mode"),
    ):
        if subject.task.get(key):
            message = f"The task has {what}, which Fargate does not offer."
            yield subject.in_task((key,), message, "Remove it, or run it on EC2.")
    if subject.task.get("pidMode", "task") != "task":
        message = "Fargate shares processes within a task only."
        yield subject.in_task(("pidMode",), message, 'Set "pidMode" to "task", or remove it.')
    for position, volume in enumerate(subject.task.get("volumes", [])):
        if volume.get("dockerVolumeConfiguration") or volume.get("host", {}).get("sourcePath"):
            yield subject.in_task(
                ("volumes", position),
                f"The volume {volume.get('name')} is on a host, which Fargate does not offer.",
                "Use a volume without “host”, or EFS.",
            )
    storage = subject.task.get("ephemeralStorage", {}).get("sizeInGiB")
    if storage is not None and storage not in _STORAGE:
        yield subject.in_task(
            ("ephemeralStorage", "sizeInGiB"),
            f"Fargate offers 21 to 200 GiB of ephemeral storage, not {storage}.",
            "Leave it out for 20 GiB.",
        )


def _of_container(container: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for key in _NOT_OFFERED:
        if container.get(key):
            yield (key,), f"“{key}”"
    linux = container.get("linuxParameters", {})
    for key in _NOT_OF_LINUX:
        if key in linux and linux[key] not in ([], None):
            yield ("linuxParameters", key), f"“{key}”"
    for added in linux.get("capabilities", {}).get("add", []):
        if added != "SYS_PTRACE":
            yield ("linuxParameters", "capabilities", "add"), f"the capability {added}"
    for position, need in enumerate(container.get("resourceRequirements", [])):
        yield ("resourceRequirements", position), f"a {need.get('type')}"
    driver = container.get("logConfiguration", {}).get("logDriver", "awslogs")
    if driver not in _LOG_DRIVERS:
        yield ("logConfiguration", "logDriver"), f"the log driver {driver}"

"""Containers: names, what they mount, what the awsvpc network mode does not have.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
"""

from collections.abc import Iterator
from typing import Any

from ..problems import Problem
from .subject import Subject
from .task import NAME

#: Quota “Containers per task definition”:
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
_MOST = 10
#: Not with awsvpc, where containers of a task share one network.
_NOT_WITH_AWSVPC = {
    "links": "Containers of a task reach each other at localhost.",
    "hostname": "The task has the host name that ECS gives it.",
    "extraHosts": "Use names that DNS knows.",
    "disableNetworking": "Remove it.",
}
#: Setting of a health check → the least and most that ECS takes; seconds, but for retries.
_HEALTH = {
    "interval": (5, 300),
    "timeout": (2, 60),
    "retries": (1, 10),
    "startPeriod": (0, 300),
}


def problems(subject: Subject) -> Iterator[Problem]:
    yield from _names(subject)
    yield from _essential(subject)
    for position, name, container in subject.containers():
        yield from _network(subject, position, name, container)
        yield from _mounts(subject, position, name, container)
        yield from _health(subject, position, name, container)
        yield from _logging(subject, position, name, container)


def _names(subject: Subject) -> Iterator[Problem]:
    names = [container.get("name", "") for _, _, container in subject.containers()]
    if not 0 < len(names) <= _MOST:
        yield subject.in_task(
            ("containerDefinitions",),
            f"There are {len(names)} containers; ECS takes 1 to {_MOST} in a task.",
            "Put some of them into a service of their own." if names else "Describe a container.",
        )
    for position, name in enumerate(names):
        if not NAME.fullmatch(name):
            yield subject.in_container(
                position,
                ("name",),
                f"“{name}” cannot be a container's name.",
                "Use letters, digits, “_” and “-”.",
            )
        elif names.index(name) < position:
            yield subject.in_container(
                position, ("name",), f"Another container is named {name}, too.", "Rename one."
            )


def _essential(subject: Subject) -> Iterator[Problem]:
    every = [container for _, _, container in subject.containers()]
    if every and not any(container.get("essential", True) for container in every):
        yield subject.in_task(
            ("containerDefinitions",),
            "No container is essential; ECS wants one whose end is the task's.",
            'Leave "essential" out at the one that serves visitors.',
        )
    for position, name, container in subject.containers():
        is_visited = name == subject.definition.container
        if len(every) > 1 and is_visited and not container.get("essential", True):
            yield subject.in_container(
                position,
                ("essential",),
                f"Visitors reach container {name}, but the task would go on without it.",
                'Leave "essential" out.',
            )


def _network(
    subject: Subject, position: int, name: str, container: dict[str, Any]
) -> Iterator[Problem]:
    for key, hint in _NOT_WITH_AWSVPC.items():
        if container.get(key):
            yield subject.in_container(
                position,
                (key,),
                f"Container {name} has “{key}”, which the network mode awsvpc does not know.",
                hint,
            )


def _mounts(
    subject: Subject, position: int, name: str, container: dict[str, Any]
) -> Iterator[Problem]:
    volumes = {volume.get("name") for volume in subject.task.get("volumes", [])}
    for index, mount in enumerate(container.get("mountPoints", [])):
        if mount.get("sourceVolume") not in volumes:
            yield subject.in_container(
                position,
                ("mountPoints", index),
                f"Container {name} mounts the volume {mount.get('sourceVolume')}, "
                "which the task does not have.",
                "Add it to “volumes”.",
            )
    names = {other for _, other, _ in subject.containers()}
    for index, source in enumerate(container.get("volumesFrom", [])):
        if source.get("sourceContainer") not in names - {name}:
            yield subject.in_container(
                position,
                ("volumesFrom", index),
                f"Container {name} takes volumes from {source.get('sourceContainer')}, "
                "which is no other container of the task.",
            )


def _health(
    subject: Subject, position: int, name: str, container: dict[str, Any]
) -> Iterator[Problem]:
    check = container.get("healthCheck")
    if not check:
        return
    if check.get("command", [""])[:1] not in (["CMD"], ["CMD-SHELL"], ["NONE"]):
        yield subject.in_container(
            position,
            ("healthCheck", "command"),
            f"The health check of container {name} must begin with CMD or CMD-SHELL.",
            'Such as ["CMD-SHELL", "curl -f http://localhost/ || exit 1"].',
        )
    for key, (least, most) in _HEALTH.items():
        if key in check and not least <= check[key] <= most:
            yield subject.in_container(
                position,
                ("healthCheck", key),
                f"The health check of container {name} has {key} {check[key]}; "
                f"ECS takes {least} to {most}.",
            )


def _logging(
    subject: Subject, position: int, name: str, container: dict[str, Any]
) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html"""
    logging = container.get("logConfiguration", {})
    if logging.get("logDriver") != "awslogs":
        return
    options = logging.get("options", {})
    for option in ("awslogs-group", "awslogs-region"):
        if not options.get(option):
            yield subject.in_container(
                position,
                ("logConfiguration", "options"),
                f"The logging of container {name} needs the option {option}.",
                "Or leave “logConfiguration” out: Edaha fills it in.",
            )

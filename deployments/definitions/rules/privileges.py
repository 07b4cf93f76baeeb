"""What a task could do beyond its own container: refused unless an administrator allows it.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html
"""

from collections.abc import Iterator
from typing import Any

from ...allowed import allows
from ..problems import Problem
from ..references import texts
from .subject import Subject

#: Where it is, and what it is.
_Found = tuple[tuple[str | int, ...], str]


def problems(subject: Subject) -> Iterator[Problem]:
    allowed = subject.described.platform.allowed
    if not allows(allowed, "privileged"):
        for position, name, container in subject.containers():
            for path, what in _privileges(container):
                message = f"Container {name} has {what}, which this repository may not."
                yield subject.in_container(position, path, message, _hint(subject, "privileged"))
    if not allows(allowed, "host-volumes"):
        for path, what in _host_volumes(subject.task):
            message = f"{what}, which this repository may not use."
            yield subject.in_task(path, message, _hint(subject, "host-volumes"))
    if not allows(allowed, "host-namespaces"):
        for key, what in (("pidMode", "processes"), ("ipcMode", "shared memory")):
            if subject.task.get(key) == "host":
                message = f"The task sees its host's {what}, which this repository may not."
                yield subject.in_task((key,), message, _hint(subject, "host-namespaces"))
    yield from _roles(subject)


def _privileges(container: dict[str, Any]) -> Iterator[_Found]:
    if container.get("privileged"):
        yield ("privileged",), "every privilege of its host"
    linux = container.get("linuxParameters", {})
    added = linux.get("capabilities", {}).get("add", [])
    if added:
        yield ("linuxParameters", "capabilities", "add"), f"the capability {', '.join(added)}"
    if linux.get("devices"):
        yield ("linuxParameters", "devices"), "devices of its host"
    loosened = [
        option
        for option in container.get("dockerSecurityOptions", [])
        if option not in ("no-new-privileges", "no-new-privileges:true")
    ]
    if loosened:
        yield ("dockerSecurityOptions",), f"the security options {', '.join(loosened)}"


def _host_volumes(task: dict[str, Any]) -> Iterator[_Found]:
    for position, volume in enumerate(task.get("volumes", [])):
        source = volume.get("host", {}).get("sourcePath")
        docker = volume.get("dockerVolumeConfiguration", {})
        if source:
            yield (
                ("volumes", position, "host", "sourcePath"),
                f"The volume {volume.get('name')} is {source} of its host",
            )
        elif docker.get("driver", "local") != "local":
            yield (
                ("volumes", position, "dockerVolumeConfiguration", "driver"),
                f"The volume {volume.get('name')} is of its host's plugin {docker['driver']}",
            )
        # The local driver mounts any path of the host when its options say so.
        elif docker.get("driverOpts") or docker.get("scope") == "shared":
            yield (
                ("volumes", position, "dockerVolumeConfiguration"),
                f"The volume {volume.get('name')} is kept on its host",
            )


def _roles(subject: Subject) -> Iterator[Problem]:
    """A role's rights become those of whoever may open a pull request."""
    platform = subject.described.platform
    # Each for its own purpose only: the execution role reads every preview's secrets.
    for key, own in (
        ("taskRoleArn", platform.task_role_arn),
        ("executionRoleArn", platform.execution_role_arn),
    ):
        role = subject.task.get(key)
        if role and role != own and not allows(platform.allowed, "role", role):
            yield subject.in_task((key,), *_forbidden(subject, role))
    # Roles that are handed to ECS, for volumes, hooks and certificates.
    places = ((subject.in_task, subject.task), (subject.in_service, subject.definition.service))
    for tell, document in places:
        for path, role in texts(document):
            if path[-1] == "roleArn" and not allows(platform.allowed, "role", role):
                yield tell(path, *_forbidden(subject, role))


def _forbidden(subject: Subject, role: str) -> tuple[str, str]:
    message = f"The role {role} is not one that this repository may use."
    if not role.startswith("arn:"):
        return message, "Write the role's whole ARN."
    return message, _hint(subject, f"role:{role}")


def _hint(subject: Subject, entry: str) -> str:
    repository = subject.described.preview.repository
    return f"An administrator allows it: bin/manage repository set {repository} --allow {entry}"

"""What ECS reads for a task beside its containers' own secrets, and file systems that it mounts.

Service Connect's log driver, FireLens's configuration, credentials of a domain: each is read with
the execution role, which all previews share.
"""

import re
from collections.abc import Iterator
from typing import Any

from ...allowed import allows
from .. import stored
from ..problems import Problem
from .subject import Subject

_Path = tuple[str | int, ...]

#: An object's ARN, also with a word before it: credentialspecdomainless:arn:aws:s3:::bucket/key
_S3 = re.compile(r"(?:[a-z]+:)?arn:[a-z-]+:s3:::(.+)", re.DOTALL)
_VALUES = ("valueFrom", "credentialsParameter")
#: Told by secrets.py, with the container's name.
_OF_CONTAINERS = ("secrets", "logConfiguration", "repositoryCredentials", "environmentFiles")
_FILE_SYSTEMS = (
    "efsVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration",
    "s3filesVolumeConfiguration",
)


def problems(subject: Subject) -> Iterator[Problem]:
    allowed = subject.described.platform.allowed
    for path, kind, names in _read(_remaining(subject.task), ()):
        if not stored.is_allowed(allowed, kind, names):
            yield subject.in_task(path, *_forbidden(subject, f"{kind}:{names[0]}"))
    for path, kind, names in _read(subject.definition.service, ()):
        if not stored.is_allowed(allowed, kind, names):
            yield subject.in_service(path, *_forbidden(subject, f"{kind}:{names[0]}"))
    for position, volume in enumerate(subject.task.get("volumes", [])):
        for key in _FILE_SYSTEMS:
            name = volume.get(key, {}).get("fileSystemId") or volume.get(key, {}).get(
                "fileSystemArn"
            )
            if name and not allows(allowed, "file-system", name):
                where = ("volumes", position, key)
                yield subject.in_task(where, *_forbidden(subject, f"file-system:{name}"))
    yield from _foreign_logs(subject)


def _remaining(task: dict[str, Any]) -> dict[str, Any]:
    containers = [
        {key: value for key, value in container.items() if key not in _OF_CONTAINERS}
        for container in task.get("containerDefinitions", [])
    ]
    return task | {"containerDefinitions": containers}


def _read(value: Any, path: _Path) -> Iterator[tuple[_Path, str, list[str]]]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key in _VALUES and isinstance(each, str):
                yield (*path, key), *stored.names_of(each)
            elif key != "environment":
                yield from _read(each, (*path, key))
    elif isinstance(value, list):
        for position, each in enumerate(value):
            yield from _read(each, (*path, position))
    elif isinstance(value, str) and (found := _S3.fullmatch(value)):
        yield path, "s3", [found[1]]


def _foreign_logs(subject: Subject) -> Iterator[Problem]:
    """Another repository's group: its people would read what this one writes, and the reverse."""
    own = subject.described.platform.log_group
    of_previews = f"/{subject.described.preview.installation}/"
    for position, name, container in subject.containers():
        group = container.get("logConfiguration", {}).get("options", {}).get("awslogs-group", "")
        if group.startswith(of_previews) and group != own:
            yield subject.in_container(
                position,
                ("logConfiguration", "options", "awslogs-group"),
                f"Container {name} writes to the log group {group}, which is another repository's.",
                f"Write to {own}, or leave logConfiguration out.",
            )


def _forbidden(subject: Subject, entry: str) -> tuple[str, str]:
    repository = subject.described.preview.repository
    return (
        f"This uses {entry}, which this repository may not.",
        f"An administrator allows it: bin/manage repository set {repository} --allow '{entry}'",
    )

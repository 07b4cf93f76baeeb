"""What ECS reads for a task: only what the repository may, wherever the definitions name it.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-secrets-management.html
"""

from collections.abc import Iterator
from typing import Any

from .. import stored
from ..problems import Problem
from ..references import Path, references
from .subject import Subject


def problems(subject: Subject) -> Iterator[Problem]:
    allowed = subject.described.platform.allowed
    for in_service, path, kind, names in _read(subject):
        if not stored.is_allowed(allowed, kind, names):
            tell = subject.in_service if in_service else subject.in_task
            who = "The service" if in_service else _who(subject, path)
            yield tell(
                path,
                f"{who} reads {kind}:{names[0]}, which this repository may not.",
                subject.how_to_allow(f"{kind}:{names[0]}"),
            )


def _read(subject: Subject) -> Iterator[tuple[bool, Path, str, list[str]]]:
    """Whether it is in the service's definition, where; its kind, and its names."""
    home = subject.home
    if subject.team is None and subject.described.platform.is_trusted:
        # As it is written: its ARN is Edaha's own guess.
        for position, container in enumerate(subject.service.containers):
            for name, reference in sorted(container.secrets.items()):
                path = ("containerDefinitions", position, "secrets", name)
                yield False, path, *stored.named_in(reference, home)
        return
    given = _given(subject)
    documents: tuple[dict[str, Any], ...] = (subject.task, subject.definition.service)
    for in_service, document in enumerate(documents):
        for each in references(document, home):
            if each.value in given:
                continue
            yield bool(in_service), _place(each.path), each.kind, each.names


def _given(subject: Subject) -> set[str]:
    """What stands there since an administrator has set it."""
    platform = subject.described.platform
    resolve = stored.by_role(platform.region, subject.task.get("executionRoleArn", ""))
    return {stored.value_from(reference, resolve) for reference in platform.secrets.values()}


def _place(path: Path) -> Path:
    """Up to the item of a list, which stands on one line most often."""
    return path[:-1] if len(path) > 1 and isinstance(path[-2], int) else path


def _who(subject: Subject, path: Path) -> str:
    names = {position: name for position, name, _ in subject.containers()}
    is_containers = path[0] == "containerDefinitions" and isinstance(path[1], int)
    return f"Container {names[int(path[1])]}" if is_containers else "The task"

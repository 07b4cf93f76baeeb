"""What the containers of a preview print: which there are, and which one a page asks for.

Groups and streams come from the stored definitions alone: nobody reads another application's log by
an address.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from deployments.adapters import logs
from deployments.definitions.identity import log_stream
from deployments.errors import EdahaError
from deployments.models import Branch, Service

#: An ECS task's id.
_TASK = re.compile(r"[0-9a-f-]{8,64}")


class Container(NamedTuple):
    """One container whose output CloudWatch has."""

    service: Service
    name: str
    group: str
    #: Streams of its tasks begin so; a task's id follows.
    prefix: str


class Output(NamedTuple):
    """One task's container."""

    container: Container
    task: str

    @property
    def group(self) -> str:
        return self.container.group

    @property
    def stream(self) -> str:
        return self.container.prefix + self.task


class Task(NamedTuple):
    id: str
    last_at: datetime | None


def containers(branch: Branch) -> list[Container]:
    """Of what is live, otherwise of the newest attempt; without those that log elsewhere."""
    found = []
    for service in Service.objects.filter(deployment=branch.live_id or branch.deployment_id):
        for each in service.task_definition.get("containerDefinitions", ()):
            place = log_stream(service.task_definition, each.get("name", ""), "")
            if place and all(place):
                found.append(Container(service, each["name"], *place))
    return found


def fitting(branch: Branch, service: str, name: str) -> list[Container]:
    """Those of that service's and that container's name, whichever where it is empty."""
    return _sorted(
        each
        for each in containers(branch)
        if service in ("", each.service.name) and name in ("", each.name)
    )


def container_of(branch: Branch, query: Mapping[str, str]) -> Container | None:
    """The one that the address names, otherwise the first."""
    service, name = query.get("service", ""), query.get("container", "")
    fits = _sorted(
        each
        for each in containers(branch)
        if service in ("", str(each.service.pk)) and name in ("", each.name)
    )
    return fits[0] if fits else None


def _sorted(found: Iterable[Container]) -> list[Container]:
    """The one that visitors reach, before what stands beside it."""
    return sorted(found, key=lambda each: each.name != each.service.container)


def tasks(container: Container) -> tuple[list[Task], str]:
    """Its tasks, running and stopped ones, the last to print first; and why they are unknown."""
    try:
        found = logs.streams(container.group, container.prefix)
    except EdahaError as problem:
        return [], f"{problem.message} {problem.hint}".strip()
    cut = len(container.prefix)
    return [Task(stream.name[cut:], stream.last_at) for stream in found], ""


def chosen(branch: Branch, query: Mapping[str, str]) -> Output | None:
    """What the address names; None where it names no task, or none of the preview's own."""
    container, task = container_of(branch, query), query.get("task", "")
    if container is None or not _TASK.fullmatch(task):
        return None
    return Output(container, task)

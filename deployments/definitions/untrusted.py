"""What a stranger's code gets: this is the one place that takes the rest away. Pure.

By lists of what is harmless, and not of what is not: whatever AWS invents next is left out, too.
Each thing that is taken away is told, like every change of what a team wrote.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..fargate import SIZES, runs_on_fargate
from . import generate
from .application import Application, Service
from .changes import Change, Edited
from .identity import listed, log_configuration, tags
from .preview import Platform, Preview
from .sizes import cpu_units, mebibytes

WHY = "It comes from a fork: somebody let it run, and nobody let it have this."
_SIZE = "This is the most that a fork gets."
_TASK = frozenset(
    "family executionRoleArn networkMode containerDefinitions volumes requiresCompatibilities cpu "
    "memory tags runtimePlatform".split()
)
_CONTAINER = frozenset(
    "name image essential entryPoint command environment portMappings dependsOn healthCheck cpu "
    "memory memoryReservation workingDirectory user readonlyRootFilesystem startTimeout "
    "stopTimeout ulimits mountPoints logConfiguration".split()
)
#: The size of one container, which need not fit into a smaller task.
_CONTAINER_SIZE = ("cpu", "memory", "memoryReservation")


def without_trust(application: Application) -> tuple[Application, list[str]]:
    """Its images built without secrets, its end as for everybody; and what is to be said of it."""
    told = [
        f"The image {image.name} is built without the secret {name}: {WHY}"
        for image in application.images
        for name in sorted(image.secrets)
    ]
    images = tuple(replace(image, secrets={}) for image in application.images)
    if application.expires_seconds is not None:
        told.append("It ends when the repository’s settings say so, and not when its files do.")
    return replace(application, images=images, expires_seconds=None), told


def task_definition(
    task: dict[str, Any], preview: Preview, platform: Platform
) -> tuple[dict[str, Any], list[Change]]:
    """RegisterTaskDefinition's arguments without roles, secrets, volumes and privileges."""
    edited = Edited(task, "taskDefinition")
    _keep(edited, _TASK)
    if platform.execution_role_arn:
        edited.put("executionRoleArn", platform.execution_role_arn, WHY)
    else:
        edited.drop("executionRoleArn", WHY)
    edited.put("networkMode", "awsvpc", WHY)
    edited.put("requiresCompatibilities", [_where(platform)], WHY)
    edited.put("tags", listed(tags(preview)), WHY)
    _volumes(edited)
    _containers(edited, log_configuration(preview, platform))
    _size(edited, platform)
    return edited.value, edited.changes


def service_definition(
    told: dict[str, Any],
    service: Service,
    preview: Preview,
    platform: Platform,
    *,
    service_name: str,
) -> tuple[dict[str, Any], list[Change]]:
    """CreateService's arguments as they are where the files say nothing: one task, our network."""
    plain = replace(
        service, count=1, launch_type="", capacity_providers=(), enable_execute_command=False
    )
    ours = generate.service_definition(plain, preview, platform, service_name=service_name)
    edited = Edited(told, "service")
    _keep(edited, frozenset(ours))
    for key, value in ours.items():
        edited.put(key, value, WHY)
    return edited.value, edited.changes


def _where(platform: Platform) -> str:
    strategy = [{"capacityProvider": name} for name in platform.capacity_providers]
    placed = {"launchType": platform.launch_type, "capacityProviderStrategy": strategy}
    return "FARGATE" if runs_on_fargate(placed) else "EC2"


def _keep(edited: Edited, harmless: frozenset[str]) -> None:
    for key in [key for key in edited.value if key not in harmless]:
        edited.drop(key, WHY)


def _volumes(edited: Edited) -> None:
    """Only empty folders that a task's containers share, and that end with it."""
    volumes = edited.value.get("volumes") or []
    scratch = [each for each in volumes if set(each) <= {"name"}]
    if scratch != volumes:
        edited.put("volumes", scratch, WHY)
    if not scratch:
        edited.value.pop("volumes", None)


def _containers(edited: Edited, logging: Mapping[str, Any]) -> None:
    known = {each["name"] for each in edited.value.get("volumes", ()) if "name" in each}
    for container, place in edited.containers():
        for key in [key for key in container if key not in _CONTAINER]:
            edited.note(f"{place}.{key}", container.pop(key), None, WHY)
        mounted = container.get("mountPoints") or []
        kept = [each for each in mounted if each.get("sourceVolume") in known]
        if kept != mounted:
            edited.note(f"{place}.mountPoints", mounted, kept, WHY)
            container["mountPoints"] = kept
        if container.get("logConfiguration") != logging:
            before = container.get("logConfiguration")
            container["logConfiguration"] = {**logging, "options": dict(logging["options"])}
            edited.note(f"{place}.logConfiguration", before, container["logConfiguration"], WHY)


def _size(edited: Edited, platform: Platform) -> None:
    """At most what the installation gives a fork, in a size that Fargate has."""
    cpu = _at_most(cpu_units(edited.value.get("cpu")), platform.most_cpu)
    memory = _at_most(mebibytes(edited.value.get("memory")), platform.most_memory)
    if cpu in SIZES and memory not in SIZES[cpu]:
        smaller = [each for each in SIZES[cpu] if each < memory]
        memory = max(smaller, default=memory)
    before = len(edited.changes)
    for key, size, read in (("cpu", cpu, cpu_units), ("memory", memory, mebibytes)):
        if size and read(edited.value.get(key)) != size:
            edited.put(key, str(size), _SIZE)
    if len(edited.changes) == before:
        return
    for container, place in edited.containers():
        for key in _CONTAINER_SIZE:
            if key in container:
                edited.note(f"{place}.{key}", container.pop(key), None, _SIZE)


def _at_most(asked: int | None, most: int) -> int:
    """0 where nothing is asked, and nothing limits it."""
    return min(asked, most) if asked and most else asked or most

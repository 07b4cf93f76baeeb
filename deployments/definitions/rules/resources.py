"""CPU and memory: of containers, and of the task that they share.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
"""

from collections.abc import Iterator
from typing import Any

from ..problems import Problem
from ..sizes import cpu_units, mebibytes
from .subject import Subject

#: Docker reserves that much for every container, in MiB.
_LEAST = 6


def problems(subject: Subject) -> Iterator[Problem]:
    yield from _understood(subject)
    cpu, memory = cpu_units(subject.task.get("cpu")), mebibytes(subject.task.get("memory"))
    for position, name, container in subject.containers():
        for key, message, hint in _mistakes(name, container, memory):
            yield subject.in_container(position, (key,), message, hint)
        # Fargate's own rule wants it at the task.
        if not (memory or _reserved(container) or subject.on_fargate):
            yield subject.in_container(
                position,
                ("memory",),
                f"Neither the task nor container {name} says how much memory it may have.",
                'Set "memory" at the task.',
            )
    every = [container for _, _, container in subject.containers()]
    reserved = sum(each.get("cpu", 0) for each in every)
    if cpu is not None and reserved > cpu:
        yield subject.in_task(
            ("cpu",),
            f"Its containers reserve {reserved} CPU units together, the task has {cpu}.",
            "Raise the task's CPU, or lower theirs.",
        )
    needed = sum(_reserved(each) for each in every)
    if memory is not None and needed > memory:
        yield subject.in_task(
            ("memory",),
            f"Its containers reserve {needed} MiB together, the task has {memory}.",
            "Raise the task's memory, or lower theirs.",
        )


def _reserved(container: dict[str, Any]) -> int:
    """ECS sets the soft limit aside where there is one, the hard limit otherwise."""
    return container.get("memoryReservation") or container.get("memory") or 0


def _understood(subject: Subject) -> Iterator[Problem]:
    for key, read, example in (
        ("cpu", cpu_units, "256, or 0.25 vCPU"),
        ("memory", mebibytes, "512, or 0.5 GB"),
    ):
        written = subject.task.get(key)
        if written is not None and not read(written):
            yield subject.in_task(
                (key,), f"“{written}” is no amount of {key}.", f"Such as {example}."
            )


def _mistakes(
    name: str, container: dict[str, Any], task: int | None
) -> Iterator[tuple[str, str, str]]:
    hard, soft = container.get("memory"), container.get("memoryReservation")
    if hard is not None and 0 < hard < _LEAST:
        yield "memory", f"Container {name} has {hard} MiB; it needs {_LEAST} at least.", ""
    if hard and soft and hard <= soft:
        yield (
            "memoryReservation",
            f"Container {name} reserves {soft} MiB, but may have {hard} at most.",
            'Set "memory" higher than "memoryReservation".',
        )
    if hard and task is not None and hard > task:
        yield (
            "memory",
            f"Container {name} may have {hard} MiB, but the whole task has {task}.",
            "Raise the task's memory, or lower the container's.",
        )

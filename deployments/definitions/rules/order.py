"""In which order containers start.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
"""

from collections.abc import Iterator, Mapping

from ..problems import Problem
from .subject import Subject


def problems(subject: Subject) -> Iterator[Problem]:
    every = {name: container for _, name, container in subject.containers()}
    for position, name, container in subject.containers():
        for index, dependency in enumerate(container.get("dependsOn", [])):
            other = dependency.get("containerName", "")
            message = _mistake(name, other, dependency.get("condition", ""), every)
            if message:
                yield subject.in_container(position, ("dependsOn", index), *message)
    waits = {
        name: [each.get("containerName", "") for each in container.get("dependsOn", [])]
        for name, container in every.items()
    }
    circle = _circle(waits)
    if circle:
        position = list(every).index(circle[0])
        yield subject.in_container(
            position,
            ("dependsOn",),
            f"Containers wait for each other: {' → '.join([*circle, circle[0]])}.",
            "Remove one of these dependencies.",
        )


def _mistake(
    name: str, other: str, condition: str, every: Mapping[str, dict[str, object]]
) -> tuple[str, str] | None:
    if other not in every:
        known = ", ".join(every)
        return f"Container {name} waits for {other}, which the task does not have.", (
            f"Its containers are {known}."
        )
    if condition == "HEALTHY" and not every[other].get("healthCheck"):
        return f"Container {name} waits until {other} is healthy, but {other} has no check.", (
            f"Give {other} a health check, or wait for START."
        )
    if condition in ("COMPLETE", "SUCCESS") and every[other].get("essential", True):
        return f"Container {name} waits for the end of {other}, which is essential.", (
            f'Set "essential" to false at {other}: otherwise its end is the task\'s.'
        )
    return None


def _circle(waits: Mapping[str, list[str]]) -> list[str]:
    """Containers that wait for each other, in this order; empty where there are none."""
    left = {name: set(others) & set(waits) for name, others in waits.items()}
    while free := [name for name, others in left.items() if not others]:
        for name in free:
            del left[name]
        left = {name: others.difference(free) for name, others in left.items()}
    if not left:
        return []
    # Each one left waits for another one left, so this way comes back to where it has been.
    way = [next(iter(left))]
    while (following := min(left[way[-1]])) not in way:
        way.append(following)
    return way[way.index(following) :]

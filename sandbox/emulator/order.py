"""In which order a task's containers start and stop. Plain values, no calls.

Source: "Container dependency" in the task definition parameters of the Amazon ECS developer
guide, and agent/engine/dependencygraph in github.com/aws/amazon-ecs-agent, which enforces it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Definition = Mapping[str, Any]  # an element of containerDefinitions


class BadOrder(Exception):
    """No order exists: a container depends on one that is not there, or in the end on itself."""


@dataclass(frozen=True)
class Seen:
    """What is known of a container that was started."""

    ended: bool = False
    exit_code: int | None = None
    healthy: bool = False
    age: float = 0.0  # seconds since its start


@dataclass(frozen=True)
class Blocked:
    """Why a container may not start now."""

    reason: str
    forever: bool = False


def blocked(
    definition: Definition, definitions: Sequence[Definition], seen: Mapping[str, Seen]
) -> Blocked | None:
    """What keeps a container from starting; None when nothing does.

    `seen` has an entry for each container that was started.
    """
    by_name = {each["name"]: each for each in definitions}
    for dependency in definition.get("dependsOn", ()):
        name = dependency["containerName"]
        found = _blocked_by(name, dependency["condition"], seen.get(name), by_name[name])
        if found:
            return found
    return None


def _blocked_by(
    name: str, condition: str, seen: Seen | None, definition: Definition
) -> Blocked | None:
    if seen is None:
        return Blocked(f"[{name}] has not started")
    if _holds(condition, seen):
        return None
    if seen.ended and condition == "SUCCESS":
        return Blocked(f"[{name}] did not exit successfully", forever=True)
    if seen.ended:
        return Blocked(f"[{name}] has ended and will not be {condition}", forever=True)
    limit = definition.get("startTimeout")
    if limit and seen.age > limit:
        return Blocked(f"[{name}] has timed out", forever=True)
    return Blocked(f"[{name}] is not yet {condition}")


def _holds(condition: str, seen: Seen) -> bool:
    return {
        "START": True,
        "COMPLETE": seen.ended,
        "SUCCESS": seen.ended and seen.exit_code == 0,
        "HEALTHY": seen.healthy and not seen.ended,
    }[condition]


def stop_waves(definitions: Sequence[Definition]) -> dict[str, int]:
    """When a container is stopped: those of wave 0 first, each after all that depend on it.

    Raises BadOrder.
    """
    names = [each["name"] for each in definitions]
    dependents: dict[str, list[str]] = {name: [] for name in names}
    for each in definitions:
        for dependency in each.get("dependsOn", ()):
            if dependency["containerName"] not in dependents:
                raise BadOrder(
                    f"container {each['name']} depends on {dependency['containerName']}, "
                    "which is no container of this task"
                )
            dependents[dependency["containerName"]].append(each["name"])
    return {name: _wave(name, dependents, ()) for name in names}


def _wave(name: str, dependents: Mapping[str, Sequence[str]], path: tuple[str, ...]) -> int:
    if name in path:
        raise BadOrder(f"container {name} depends on itself: {' -> '.join((*path, name))}")
    after = (_wave(each, dependents, (*path, name)) for each in dependents[name])
    return 1 + max(after, default=-1)

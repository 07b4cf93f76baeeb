"""Which container visitors reach, and on which port. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

#: How far a range may reach; also keeps a mistyped one from taking memory.
_LAST = 65535
_RANGE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")


def visited(
    task_definition: Mapping[str, Any], service: Mapping[str, Any], port: int | None
) -> tuple[str, int]:
    """The container and the port that visitors reach; "" and 0 where nothing tells.

    `port` is what edaha.yml says. Otherwise the load balancer that production's visitors come
    through tells, or the only port that is mapped.
    """
    mapped = [
        (container.get("name", ""), each)
        for container in task_definition.get("containerDefinitions", [])
        for each in of_tcp(container)
    ]
    targets = [
        (each["containerName"], each["containerPort"])
        for each in service.get("loadBalancers") or []
        if each.get("containerName") and each.get("containerPort")
    ]
    if port:
        mapping = [name for name, ports in mapped if port in ports]
        aimed = [name for name, _ in targets]
        return next(iter([*mapping, *aimed, *_only(task_definition)]), ""), port
    if targets:
        return targets[0]
    if len(mapped) == 1 and len(mapped[0][1]) == 1:
        return mapped[0][0], mapped[0][1][0]
    return next(_only(task_definition), ""), 0


def of_tcp(container: Mapping[str, Any]) -> Iterator[range]:
    """The TCP ports that a container maps, mapping by mapping."""
    for mapping in container.get("portMappings") or []:
        # ECS takes any other protocol for TCP.
        if mapping.get("protocol") != "udp":
            yield numbers(mapping)


def numbers(mapping: Mapping[str, Any]) -> range:
    """The container's ports of one mapping; empty where they make no sense."""
    if "containerPort" in mapping:
        return range(mapping["containerPort"], mapping["containerPort"] + 1)
    found = _RANGE.fullmatch(mapping.get("containerPortRange", ""))
    if not found or not 0 < int(found[1]) < int(found[2]) <= _LAST:
        return range(0)
    return range(int(found[1]), int(found[2]) + 1)


def _only(task_definition: Mapping[str, Any]) -> Iterator[str]:
    containers = task_definition.get("containerDefinitions", [])
    if len(containers) == 1:
        yield containers[0].get("name", "")

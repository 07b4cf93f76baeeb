"""Ports: each task has a network interface of its own, and containers share it.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html
"""

from collections.abc import Iterator
from typing import Any

from ..ports import numbers, of_tcp
from ..problems import Problem
from .subject import Subject


def problems(subject: Subject) -> Iterator[Problem]:
    for position, name, container in subject.containers():
        for index, mapping in enumerate(container.get("portMappings", [])):
            message = _mistake(name, mapping)
            if message:
                yield subject.in_container(position, ("portMappings", index), *message)
    yield from _taken_twice(subject)
    yield from _names(subject)
    if subject.team is not None:
        yield from _visited(subject)


def _mistake(name: str, mapping: dict[str, Any]) -> tuple[str, str] | None:
    ports = numbers(mapping)
    if not ports or not 1 <= ports[0] <= 65535:
        what = mapping.get("containerPortRange", mapping.get("containerPort", "nothing"))
        return f"Container {name} maps {what}, which is no port.", "Ports go from 1 to 65535."
    host = mapping.get("hostPort", ports[0])
    if host != ports[0]:
        return (
            f"Container {name} maps port {ports[0]} to port {host} of its host. A preview's task "
            "has an address of its own, and no host ports.",
            'Leave "hostPort" out.',
        )
    return None


def _taken_twice(subject: Subject) -> Iterator[Problem]:
    owners: dict[tuple[int, str], str] = {}
    for position, name, container in subject.containers():
        for index, mapping in enumerate(container.get("portMappings", [])):
            protocol = "udp" if mapping.get("protocol") == "udp" else "tcp"
            ports = numbers(mapping)
            taken = [port for port in ports if (port, protocol) in owners]
            if taken:
                other = owners[taken[0], protocol]
                yield subject.in_container(
                    position,
                    ("portMappings", index),
                    f"Container {name} maps port {taken[0]}, which {other} has mapped before.",
                    "Containers of a task share one address: give each a port of its own.",
                )
            owners |= {(port, protocol): name for port in ports}


def _names(subject: Subject) -> Iterator[Problem]:
    names = [
        mapping.get("name", "")
        for _, _, container in subject.containers()
        for mapping in container.get("portMappings", [])
    ]
    connect = subject.definition.service.get("serviceConnectConfiguration", {})
    for index, each in enumerate(connect.get("services", [])):
        if each.get("portName") not in names:
            yield subject.in_service(
                ("serviceConnectConfiguration", "services", index, "portName"),
                f"Service Connect names the port {each.get('portName')}, "
                "but no port mapping has this name.",
                'Add "name" to the port mapping.',
            )


def _visited(subject: Subject) -> Iterator[Problem]:
    """Where visitors go: nothing else would notice a wrong port before they do."""
    container, port = subject.definition.container, subject.definition.port
    if not port:
        yield subject.in_task(
            ("containerDefinitions",),
            "Nothing tells which port visitors reach: there is no load balancer, and not "
            "exactly one port mapping.",
            "Write the service's port into edaha.yml.",
        )
        return
    for position, name, each in subject.containers():
        if name == container:
            if not any(port in ports for ports in of_tcp(each)):
                yield subject.in_container(
                    position,
                    ("portMappings",),
                    f"Visitors reach container {name} on port {port}, which it does not map.",
                    f'Add {{"containerPort": {port}}} to its “portMappings”.',
                )
            return
    message = (
        f"Visitors reach container {container}, which the task does not have."
        if container
        else f"No container maps port {port}, which visitors reach."
    )
    yield subject.in_task(("containerDefinitions",), message)

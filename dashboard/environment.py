"""The environment variables of a preview by name; a secret's value is nobody's business here."""

from collections.abc import Iterable
from typing import NamedTuple

from deployments.models import Service


class Variable(NamedTuple):
    service: str
    container: str
    name: str
    is_secret: bool


def of(services: Iterable[Service]) -> list[Variable]:
    """Of all containers, in the order of their definitions."""
    return [
        Variable(service.name, container.get("name", ""), entry.get("name", ""), is_secret)
        for service in services
        for container in service.task_definition.get("containerDefinitions", ())
        for key, is_secret in (("environment", False), ("secrets", True))
        for entry in container.get(key) or ()
    ]

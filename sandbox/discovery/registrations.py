"""Which Cloud Map instances a task stands for. Plain values, no calls.

Source of the attributes: "Service discovery" in the Amazon ECS developer guide.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Task = Mapping[str, Any]  # an element of DescribeTasks
Service = Mapping[str, Any]  # an element of DescribeServices


@dataclass(frozen=True)
class Registration:
    """One address of one task in one Cloud Map service."""

    registry: str  # Cloud Map service id
    instance: str  # task id
    attributes: Mapping[str, str] = field(compare=False)


def task_id(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def service_name(task: Task) -> str | None:
    """The service that started the task; None for a task started by itself."""
    kind, _, name = str(task.get("group", "")).partition(":")
    return name if kind == "service" and name else None


def private_address(task: Task) -> str | None:
    """The IPv4 address of the task's network interface (awsvpc), None while it has none."""
    for attachment in task.get("attachments", ()):
        for detail in attachment.get("details", ()):
            if detail.get("name") == "privateIPv4Address" and detail.get("value"):
                return str(detail["value"])
    return None


def is_settled(task: Task) -> bool:
    """Whether the task will not change any more until it stops."""
    return task.get("lastStatus") == "RUNNING"


def registrations(task: Task, service: Service) -> Iterable[Registration]:
    """What a running task registers: its address in every registry of its service."""
    address = private_address(task)
    if address is None:
        return
    for registry in service.get("serviceRegistries", ()):
        yield Registration(
            registry=task_id(registry["registryArn"]),
            instance=task_id(task["taskArn"]),
            attributes=_attributes(task, service, address),
        )


def _attributes(task: Task, service: Service, address: str) -> dict[str, str]:
    zone = task.get("availabilityZone") or ""
    return {
        "AWS_INSTANCE_IPV4": address,
        "AVAILABILITY_ZONE": zone,
        "REGION": task["taskArn"].split(":")[3],
        "ECS_CLUSTER_NAME": task_id(task["clusterArn"]),
        "ECS_SERVICE_NAME": service["serviceName"],
        "ECS_TASK_DEFINITION_FAMILY": task_id(task["taskDefinitionArn"]).split(":")[0],
    }


def is_left_over(instance: Mapping[str, Any], cluster: str, running: Iterable[str]) -> bool:
    """Whether a Cloud Map instance was registered for a task of this cluster that is gone."""
    attributes = instance.get("Attributes", {})
    return attributes.get("ECS_CLUSTER_NAME") == cluster and instance["Id"] not in set(running)

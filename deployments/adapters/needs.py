"""What has to exist in AWS before ECS can run what the definitions say. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..definitions.preview import Platform
from ..definitions.stored import Home
from ..names import KEPT

Json = Mapping[str, Any]
Kind = Literal[
    "cluster", "network", "role", "parameter", "secret", "log-group", "file-system", "vcpu"
]


@dataclass(frozen=True)
class Asked:
    """What ECS is to be told, and where."""

    platform: Platform
    #: Service → its arguments of RegisterTaskDefinition, and of CreateService.
    definitions: Mapping[str, tuple[Json, Json]]
    #: The file that problems are told of.
    source: str = ""


@dataclass(frozen=True)
class Need:
    """One thing that has to exist, once for everybody who asks for it."""

    kind: Kind
    name: str
    #: Services, or `service/container`.
    by: tuple[str, ...]
    #: Of a cluster its capacity providers, of a network subnets and security groups.
    details: tuple[tuple[str, ...], ...] = ()
    #: Of vCPU, how many one task takes.
    amount: float = 0

    @property
    def asking(self) -> str:
        return ", ".join(self.by)


def needs(asked: Asked) -> list[Need]:
    """Each thing once, with everybody who asks for it."""
    found: dict[tuple[object, ...], Need] = {}
    for need in _each_need(asked):
        key = (need.kind, need.name, need.details, need.amount)
        by = (*found[key].by, *need.by) if key in found else need.by
        found[key] = Need(need.kind, need.name, tuple(dict.fromkeys(by)), need.details, need.amount)
    return list(found.values())


def _each_need(asked: Asked) -> Iterator[Need]:
    for name, (task, service) in asked.definitions.items():
        yield from _of_service(asked.platform, name, task, service)
        yield from _of_task(name, task)
        home = Home.of(asked.platform.region, task.get("executionRoleArn", ""))
        for container in task.get("containerDefinitions", ()):
            by = f"{name}/{container.get('name', '')}"
            yield from _of_container(asked.platform, home, by, container)


def _of_service(platform: Platform, name: str, task: Json, service: Json) -> Iterator[Need]:
    strategy = service.get("capacityProviderStrategy") or ()
    providers = tuple(each["capacityProvider"] for each in strategy)
    cluster = service.get("cluster") or platform.cluster
    yield Need("cluster", cluster, (name,), (providers, (service.get("launchType", ""),)))
    network = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if network:
        subnets = tuple(network.get("subnets", ()))
        groups = tuple(network.get("securityGroups", ()))
        yield Need("network", ", ".join(subnets), (name,), (subnets, groups))
    for place in {service.get("launchType", ""), *providers} & {"FARGATE", "FARGATE_SPOT"}:
        yield Need("vcpu", place, (name,), amount=vcpus(str(task.get("cpu", "0"))))


def _of_task(name: str, task: Json) -> Iterator[Need]:
    for field in ("executionRoleArn", "taskRoleArn"):
        if task.get(field):
            yield Need("role", task[field], (name,))
    for volume in task.get("volumes", ()):
        file_system = (volume.get("efsVolumeConfiguration") or {}).get("fileSystemId")
        if file_system:
            yield Need("file-system", file_system, (name,))


def _of_container(platform: Platform, home: Home, name: str, container: Json) -> Iterator[Need]:
    logs = container.get("logConfiguration") or {}
    for secret in (*(container.get("secrets") or ()), *(logs.get("secretOptions") or ())):
        yield from _secret(home, name, str(secret.get("valueFrom", "")))
    credentials = (container.get("repositoryCredentials") or {}).get("credentialsParameter")
    if credentials:
        yield from _secret(home, name, credentials)
    options = logs.get("options") or {}
    group = options.get("awslogs-group", "")
    is_made = group == platform.log_group or options.get("awslogs-create-group") == "true"
    is_here = options.get("awslogs-region", platform.region) == platform.region
    if logs.get("logDriver") == "awslogs" and group and is_here and not is_made:
        yield Need("log-group", group, (name,))


def _secret(home: Home, name: str, reference: str) -> Iterator[Need]:
    """`valueFrom` is a parameter's name, or the ARN of a parameter or of a secret:
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html
    """
    if f"/{KEPT}/" in reference:
        return  # Edaha makes it right before it is needed
    parts = reference.split(":")
    if parts[0] != "arn":
        yield Need("parameter", reference, (name,))
    elif len(parts) < 6 or not home.has(parts[3], parts[4]):
        return  # ECS reads other regions and accounts; the workers do not
    elif parts[2] == "ssm":
        yield Need("parameter", parameter_name(parts[5]), (name,))
    elif parts[2] == "secretsmanager":
        # After the name come the JSON key, the version's stage and its id.
        yield Need("secret", ":".join(parts[:7]), (name,))


def parameter_name(resource: str) -> str:
    """`parameter/shop/db` in an ARN is `/shop/db`; `parameter/db` is `db`.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
    """
    name = resource.removeprefix("parameter/")
    return f"/{name}" if "/" in name else name


def vcpus(cpu: str) -> float:
    """CPU as a task definition has it, `256` or `.25 vCPU`, in vCPU; 0 for anything else.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
    """
    found = re.fullmatch(r"\s*(\d+|\d*\.\d+)\s*(vcpu)?\s*", cpu, re.IGNORECASE)
    if found is None:
        return 0
    return float(found[1]) if found[2] else float(found[1]) / 1024

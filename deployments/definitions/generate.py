"""What ECS is told of a service that edaha.yml, or nothing but a Dockerfile, describes. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..fargate import is_fargate
from . import stored
from .application import Container, Service
from .identity import listed, log_configuration, tags
from .preview import Platform, Preview


def task_definition(
    service: Service,
    preview: Preview,
    platform: Platform,
    images: Mapping[str, str],
    *,
    family: str,
    port: int,
    secret_arn: stored.Resolver | None = None,
) -> dict[str, Any]:
    """RegisterTaskDefinition's arguments. `port` is the main container's, 0 while unknown."""
    execution_role = service.execution_role_arn or platform.execution_role_arn
    task_role = service.task_role_arn or platform.task_role_arn
    resolve = secret_arn or stored.by_role(platform.region, execution_role)
    main, *sidecars = service.containers
    ports = [(main, port), *((each, each.port or 0) for each in sidecars)]
    definition: dict[str, Any] = {
        "family": family,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE" if _on_fargate(service, platform) else "EC2"],
        "cpu": str(service.cpu),
        "memory": str(service.memory),
        "runtimePlatform": {
            "cpuArchitecture": service.architecture,
            "operatingSystemFamily": "LINUX",
        },
        "containerDefinitions": [
            _described(each, images, listens, service.startup_seconds)
            | _surroundings(each, listens, preview.environment(service.name), platform, resolve)
            | {"logConfiguration": log_configuration(preview, platform)}
            for each, listens in ports
        ],
        "tags": listed(tags(preview)),
    }
    roles = {"executionRoleArn": execution_role, "taskRoleArn": task_role}
    return definition | {key: arn for key, arn in roles.items() if arn}


def service_definition(
    service: Service, preview: Preview, platform: Platform, *, service_name: str
) -> dict[str, Any]:
    """CreateService's arguments, without what is known only when it is released."""
    request: dict[str, Any] = {
        "cluster": platform.cluster,
        "serviceName": service_name,
        "desiredCount": service.count,
        "deploymentConfiguration": {
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            # No rollback: a new service has nothing to go back to, and the version before runs
            # on in a service of its own.
            "deploymentCircuitBreaker": {"enable": True, "rollback": False},
        },
        "propagateTags": "SERVICE",
        "tags": listed(tags(preview)),
    }
    if service.enable_execute_command:
        request["enableExecuteCommand"] = True
    request |= placement(*_wanted(service, platform))
    request["networkConfiguration"] = network(platform, _on_fargate(service, platform))
    return request


def placement(launch_type: str, providers: tuple[str, ...]) -> dict[str, Any]:
    """Where tasks run: a launch type or capacity providers, which exclude each other."""
    if launch_type:
        return {"launchType": launch_type}
    if not providers:
        return {}
    strategy = [{"capacityProvider": name, "weight": 1} for name in providers]
    return {"capacityProviderStrategy": strategy}


def network(platform: Platform, on_fargate: bool) -> dict[str, Any]:
    """The operator's network. ECS takes `assignPublicIp` for Fargate only."""
    configuration: dict[str, Any] = {
        "subnets": list(platform.subnets),
        "securityGroups": list(platform.security_groups),
    }
    if on_fargate:
        configuration["assignPublicIp"] = "ENABLED" if platform.assign_public_ip else "DISABLED"
    return {"awsvpcConfiguration": configuration}


def _wanted(service: Service, platform: Platform) -> tuple[str, tuple[str, ...]]:
    if service.launch_type or service.capacity_providers:
        return service.launch_type, service.capacity_providers
    return platform.launch_type, platform.capacity_providers


def _on_fargate(service: Service, platform: Platform) -> bool:
    launch_type, providers = _wanted(service, platform)
    return launch_type == "FARGATE" if launch_type else is_fargate(providers)


def _described(
    container: Container, images: Mapping[str, str], port: int, startup_seconds: int
) -> dict[str, Any]:
    """What edaha.yml says of a container."""
    said = {
        "entryPoint": list(container.entrypoint) if container.entrypoint is not None else None,
        "command": list(container.command) if container.command is not None else None,
        "cpu": container.cpu,
        "memory": container.memory,
        "portMappings": [{"containerPort": port, "protocol": "tcp"}] if port else None,
        "dependsOn": [
            {"containerName": name, "condition": condition}
            for name, condition in container.depends_on.items()
        ]
        or None,
        "healthCheck": _health_check(container.health_check, startup_seconds)
        if container.health_check
        else None,
    }
    return {
        "name": container.name,
        "image": images.get(container.image, container.image),
        "essential": container.essential,
    } | {key: value for key, value in said.items() if value is not None}


def _surroundings(
    container: Container,
    port: int,
    told: Mapping[str, str],
    platform: Platform,
    secret_arn: stored.Resolver,
) -> dict[str, Any]:
    """Environment and secrets: the more particular wins, and a secret over a plain value.

    ECS takes no name twice:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html
    """
    known = {"PORT": str(port)} if port else {}
    environment = {**known, **told, **platform.environment, **container.environment}
    surroundings: dict[str, Any] = {
        "environment": [
            {"name": name, "value": value}
            for name, value in sorted(environment.items())
            if name not in container.secrets
        ]
    }
    if container.secrets:
        surroundings["secrets"] = [
            {"name": name, "valueFrom": stored.value_from(where, secret_arn)}
            for name, where in sorted(container.secrets.items())
        ]
    return surroundings


def _health_check(command: Sequence[str], startup_seconds: int) -> dict[str, Any]:
    """Often enough that nobody waits long for HEALTHY; failures do not count while it starts.

    Least and most are ECS's:
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
    """
    return {"command": list(command), "interval": 5, "startPeriod": min(startup_seconds, 300)}

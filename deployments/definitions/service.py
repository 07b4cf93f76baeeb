"""The ECS service that runs one deployment. Pure."""

from typing import Any

from ..config import config
from ..models import Deployment
from .task_definition import tags


def service(deployment: Deployment, task_definition_arn: str, registry_arn: str) -> dict[str, Any]:
    """CreateService's arguments for one deployment."""
    repository = deployment.branch.repository
    request: dict[str, Any] = {
        "cluster": deployment.cluster,
        "serviceName": deployment.service_name(config().installation),
        "taskDefinition": task_definition_arn,
        "desiredCount": 1,
        # Makes a retry safe; at most 36 characters.
        "clientToken": f"{config().installation}-{deployment.branch_id}-{deployment.generation}",
        "serviceRegistries": [{"registryArn": registry_arn}],
        "networkConfiguration": {"awsvpcConfiguration": _network(deployment)},
        "deploymentConfiguration": {
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            # No rollback: a new service has nothing to go back to, and the version before runs
            # on in a service of its own.
            "deploymentCircuitBreaker": {"enable": True, "rollback": False},
        },
        "propagateTags": "SERVICE",
        "tags": [{"key": key, "value": value} for key, value in tags(deployment).items()],
    }
    if repository.launch_type:
        request["launchType"] = repository.launch_type
    elif repository.capacity_providers:
        request["capacityProviderStrategy"] = [
            {"capacityProvider": name, "weight": 1} for name in repository.capacity_providers
        ]
    return request


def _network(deployment: Deployment) -> dict[str, Any]:
    repository = deployment.branch.repository
    network: dict[str, Any] = {
        "subnets": repository.subnets or config().subnets,
        "securityGroups": repository.security_groups or config().security_groups,
    }
    # ECS takes this for Fargate only.
    if repository.runs_on_fargate:
        network["assignPublicIp"] = "ENABLED" if repository.assign_public_ip else "DISABLED"
    return network

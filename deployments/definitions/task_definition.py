"""What ECS is told to run for a repository that has nothing but a Dockerfile. Pure."""

import hashlib
import json
from typing import Any

from .. import names
from ..config import config
from ..models import Deployment

#: The container's name, and with it the first part of its log streams.
CONTAINER = "app"


def task_definition(deployment: Deployment, image: str, port: int, region: str) -> dict[str, Any]:
    """RegisterTaskDefinition's arguments for one deployment."""
    branch = deployment.branch
    repository = branch.repository
    definition: dict[str, Any] = {
        "family": names.family(config().installation, branch.slug, branch.pk),
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE" if repository.runs_on_fargate else "EC2"],
        "cpu": str(repository.cpu),
        "memory": str(repository.memory),
        "runtimePlatform": {
            "cpuArchitecture": repository.cpu_architecture,
            "operatingSystemFamily": "LINUX",
        },
        "containerDefinitions": [_container(deployment, image, port, region)],
        "tags": [{"key": key, "value": value} for key, value in tags(deployment).items()],
    }
    execution_role = repository.execution_role_arn or config().execution_role_arn
    if execution_role:
        definition["executionRoleArn"] = execution_role
    if repository.task_role_arn:
        definition["taskRoleArn"] = repository.task_role_arn
    return definition


def content_hash(definition: dict[str, Any]) -> str:
    """Equal for definitions that would run the same: such a one is not registered again."""
    content = {key: value for key, value in definition.items() if key != "tags"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def tags(deployment: Deployment) -> dict[str, str]:
    """By these an installation finds what it made."""
    branch = deployment.branch
    return {
        "edaha:installation": config().installation,
        "edaha:repository": branch.repository.full_name,
        "edaha:branch": branch.slug,
    }


def injected_environment(deployment: Deployment, port: int) -> dict[str, str]:
    """What every container learns about where it runs."""
    branch = deployment.branch
    return {
        "PORT": str(port),
        "EDAHA_BRANCH": branch.name,
        "EDAHA_SLUG": branch.slug,
        "EDAHA_COMMIT": deployment.commit,
        "EDAHA_PULL_REQUEST": str(branch.pull_request or ""),
        "EDAHA_URL": branch.url,
    }


def _container(deployment: Deployment, image: str, port: int, region: str) -> dict[str, Any]:
    repository = deployment.branch.repository
    # The repository's own values come last: they win.
    environment = injected_environment(deployment, port) | repository.environment
    return {
        "name": CONTAINER,
        "image": image,
        "essential": True,
        "portMappings": [{"containerPort": port, "protocol": "tcp"}],
        "environment": [{"name": k, "value": v} for k, v in sorted(environment.items())],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": names.log_group(config().installation, repository.full_name),
                "awslogs-region": region,
                "awslogs-stream-prefix": deployment.branch.slug,
            },
        },
    }


def log_stream(deployment: Deployment, task_arn: str) -> str:
    """`prefix/container/task-id`, as the awslogs driver names it."""
    return f"{deployment.branch.slug}/{CONTAINER}/{task_arn.rpartition('/')[2]}"

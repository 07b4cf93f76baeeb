"""Secrets: who reads them, and by which names.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from .. import stored
from ..problems import Problem
from ..references import references
from .subject import Subject


def problems(subject: Subject) -> Iterator[Problem]:
    has_role = bool(subject.task.get("executionRoleArn"))
    for position, name, container in subject.containers():
        yield from _twice(subject, position, name, container)
        yield from _unfindable(subject, position, name, container)
        read = [each.path for each in references(container, None)]
        writes = container.get("logConfiguration", {}).get("logDriver") == "awslogs"
        if not has_role and (read or (writes and subject.on_fargate)):
            yield subject.in_container(
                position,
                read[0] if read else ("logConfiguration",),
                f"Container {name} {'reads secrets' if read else 'writes logs'}, which takes an "
                "execution role, and the task has none.",
                "Set “executionRoleArn”, or EDAHA_EXECUTION_ROLE_ARN for all repositories.",
            )


def _unfindable(
    subject: Subject, position: int, name: str, container: dict[str, Any]
) -> Iterator[Problem]:
    if subject.team is not None:
        return
    role, region = subject.task.get("executionRoleArn", ""), subject.described.platform.region
    by_role = stored.by_role(region, role)
    told = {each["name"]: each["valueFrom"] for each in container.get("secrets", [])}
    for variable, reference in subject.service.containers[position].secrets.items():
        value = stored.value_from(reference, by_role)
        by_name = reference.startswith("secretsmanager:") and told.get(variable) == value
        if by_name and not stored.is_found_by_name(value):
            yield subject.in_container(
                position,
                ("secrets", variable),
                f"Container {name} reads {reference}. Secrets Manager takes the end of that name "
                "for the random end of an ARN, and finds nothing.",
                "Write the secret's whole ARN.",
            )


def _twice(
    subject: Subject, position: int, name: str, container: dict[str, Any]
) -> Iterator[Problem]:
    """ECS takes no name twice among secrets and variables."""
    secrets = [each.get("name", "") for each in container.get("secrets", [])]
    plain = {each.get("name", "") for each in container.get("environment", [])}
    twice = {each for each, count in Counter(secrets).items() if count > 1 or each in plain}
    for index, secret in enumerate(secrets):
        if secret in twice:
            twice.remove(secret)
            yield subject.in_container(
                position,
                ("secrets", index),
                f"Container {name} has {secret} twice, as a secret and again.",
                "Remove one of them.",
            )

"""Secrets: who reads them, and whether the repository may.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ...allowed import allows
from .. import stored
from ..problems import Problem
from .subject import Subject

#: Where it is in a container; the kind of what is read, and the names it goes by.
_Read = tuple[tuple[str | int, ...], str, list[str]]


def problems(subject: Subject) -> Iterator[Problem]:
    has_role = bool(subject.task.get("executionRoleArn"))
    for position, name, container in subject.containers():
        yield from _twice(subject, position, name, container)
        yield from _unfindable(subject, position, name, container)
        read = list(_read(subject, position, container))
        for path, kind, names in read:
            if not stored.is_allowed(subject.described.platform.allowed, kind, names):
                yield _forbidden(subject, position, path, name, f"{kind}:{names[0]}")
        for path, arn in _files(container):
            of = arn.partition(":::")[2]
            if not allows(subject.described.platform.allowed, "s3", of):
                yield _forbidden(subject, position, path, name, f"s3:{of}")
        writes = container.get("logConfiguration", {}).get("logDriver") == "awslogs"
        if not has_role and (read or (writes and subject.on_fargate)):
            yield subject.in_container(
                position,
                read[0][0] if read else ("logConfiguration",),
                f"Container {name} {'reads secrets' if read else 'writes logs'}, which takes an "
                "execution role, and the task has none.",
                "Set “executionRoleArn”, or EDAHA_EXECUTION_ROLE_ARN for all repositories.",
            )


def _read(subject: Subject, position: int, container: dict[str, Any]) -> Iterator[_Read]:
    if subject.team is None:
        said = subject.service.containers[position].secrets
        for name, reference in sorted(said.items()):
            yield ("secrets", name), *stored.named_in(reference)
        return
    for index, secret in enumerate(container.get("secrets", [])):
        yield ("secrets", index), *stored.names_of(secret.get("valueFrom", ""))
    logging = container.get("logConfiguration", {})
    for index, secret in enumerate(logging.get("secretOptions", [])):
        names = stored.names_of(secret.get("valueFrom", ""))
        yield ("logConfiguration", "secretOptions", index), *names
    credentials = container.get("repositoryCredentials", {}).get("credentialsParameter")
    if credentials:
        # ECS takes the ARN of a secret here, or its name.
        _, known = stored.names_of(credentials)
        yield ("repositoryCredentials", "credentialsParameter"), "secretsmanager", known


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


def _files(container: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for index, file in enumerate(container.get("environmentFiles", [])):
        yield ("environmentFiles", index), file.get("value", "")


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


def _forbidden(
    subject: Subject, position: int, path: tuple[str | int, ...], name: str, entry: str
) -> Problem:
    repository = subject.described.preview.repository
    return subject.in_container(
        position,
        path,
        f"Container {name} reads {entry}, which this repository may not.",
        f"An administrator allows it: bin/manage repository set {repository} --allow '{entry}'",
    )

"""What there is in ECS: read in pages and by tens or hundreds, never one by one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .aws import client, told_as

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TagTypeDef, TaskTypeDef

#: The most that one call takes, or one page has.
_SERVICES_A_CALL = 10
_A_PAGE = 100


def service_names(cluster: str) -> list[str]:
    """Every service in the cluster that is ACTIVE: those that drain are not listed."""
    with told_as(f"list the services of the cluster {cluster}"):
        pages = (
            _ecs()
            .get_paginator("list_services")
            .paginate(cluster=cluster, PaginationConfig={"PageSize": _A_PAGE})
        )
        return [arn.rpartition("/")[2] for page in pages for arn in page["serviceArns"]]


def services(cluster: str, names: Sequence[str]) -> "Iterator[ServiceTypeDef]":
    """These services with their tags; what is missing is left out."""
    for start in range(0, len(names), _SERVICES_A_CALL):
        part = list(names[start : start + _SERVICES_A_CALL])
        with told_as("look at ECS services"):
            answer = _ecs().describe_services(cluster=cluster, services=part, include=["TAGS"])
        yield from answer["services"]


def running_tasks(cluster: str) -> "Iterator[TaskTypeDef]":
    """Every task in the cluster that runs or starts, with its tags."""
    with told_as(f"list the tasks of the cluster {cluster}"):
        pages = (
            _ecs()
            .get_paginator("list_tasks")
            .paginate(
                cluster=cluster, desiredStatus="RUNNING", PaginationConfig={"PageSize": _A_PAGE}
            )
        )
        arns = [page["taskArns"] for page in pages]
    for part in filter(None, arns):
        with told_as("look at tasks"):
            answer = _ecs().describe_tasks(cluster=cluster, tasks=part, include=["TAGS"])
        yield from answer["tasks"]


def families(prefix: str) -> list[str]:
    """Task definition families with an ACTIVE revision whose names begin so."""
    with told_as("list the families of task definitions"):
        pages = (
            _ecs()
            .get_paginator("list_task_definition_families")
            .paginate(familyPrefix=prefix, status="ACTIVE", PaginationConfig={"PageSize": _A_PAGE})
        )
        found = [family for page in pages for family in page["families"]]
    return [family for family in found if family.startswith(prefix)]


def definition_tags(arn: str) -> dict[str, str]:
    """The tags of one revision."""
    with told_as("look at a task definition"):
        answer = _ecs().describe_task_definition(taskDefinition=arn, include=["TAGS"])
    return tags_of(answer)


def tags_of(described: "Mapping[str, object]") -> dict[str, str]:
    """What ECS says something is tagged with."""
    tags: Sequence[TagTypeDef] = described.get("tags") or ()  # type: ignore[assignment]
    return {tag.get("key", ""): tag.get("value", "") for tag in tags}


def _ecs() -> "ECSClient":
    ecs: ECSClient = client("ecs")
    return ecs

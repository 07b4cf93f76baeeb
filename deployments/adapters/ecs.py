"""Amazon ECS: clusters, task definitions, services, tasks."""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from .aws import client, code_of, told_as

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import ClusterTypeDef, ServiceTypeDef, TaskTypeDef

#: The most names that one call takes.
_SERVICES_A_CALL = 10
_TASKS_A_CALL = 100
_GONE = {"ServiceNotFoundException", "ClusterNotFoundException"}


def find_cluster(name: str) -> "ClusterTypeDef | None":
    """A cluster that takes work; None where there is none."""
    with told_as(f"look at the cluster {name}"):
        found = _ecs().describe_clusters(clusters=[name])["clusters"]
    return next((each for each in found if each.get("status") == "ACTIVE"), None)


def register_task_definition(definition: dict[str, Any]) -> str:
    """Register a revision; returns its ARN."""
    with told_as("register the task definition"):
        answer = _ecs().register_task_definition(**definition)
    return answer["taskDefinition"]["taskDefinitionArn"]


def create_service(request: dict[str, Any]) -> str:
    """Create a service, or find the one that an earlier try made; the id of its deployment.

    A service's name belongs to one deployment, so one that exists is that deployment's own.
    """
    with told_as("create the ECS service"):
        try:
            service = _ecs().create_service(**request)["service"]
        except ClientError as problem:
            if "idempotent" not in str(problem):
                raise
            found = describe_services(request["cluster"], [request["serviceName"]])
            service = found.get(request["serviceName"], {})
            if service.get("taskDefinition") != request["taskDefinition"]:
                raise
    return str(primary(service).get("id", ""))


def set_desired_count(cluster: str, name: str, count: int) -> None:
    """Have `count` tasks run; that alone starts no deployment."""
    with told_as("set the number of tasks"):
        _ecs().update_service(cluster=cluster, service=name, desiredCount=count)


def primary(service: "ServiceTypeDef") -> dict[str, Any]:
    """The deployment that ECS is working on, or {}."""
    deployments = service.get("deployments", [])
    return next((dict(d) for d in deployments if d.get("status") == "PRIMARY"), {})


def describe_services(cluster: str, names: Sequence[str]) -> dict[str, "ServiceTypeDef"]:
    """Name → description of those that exist in any status."""
    found = {}
    for part in _parts(names, _SERVICES_A_CALL):
        with told_as("look at ECS services"):
            answer = _ecs().describe_services(cluster=cluster, services=part)
        found.update({service["serviceName"]: service for service in answer["services"]})
    return found


def tasks(cluster: str, service: str, *, stopped: bool = False) -> list["TaskTypeDef"]:
    """The service's tasks that run (or start), or those that stopped within the last hour."""
    status: Literal["STOPPED", "RUNNING"] = "STOPPED" if stopped else "RUNNING"
    with told_as("look at the tasks"):
        pages = (
            _ecs()
            .get_paginator("list_tasks")
            .paginate(cluster=cluster, serviceName=service, desiredStatus=status)
        )
        arns = [arn for page in pages for arn in page["taskArns"]]
        return [
            task
            for part in _parts(arns, _TASKS_A_CALL)
            for task in _ecs().describe_tasks(cluster=cluster, tasks=part)["tasks"]
        ]


def delete_service(cluster: str, name: str) -> bool:
    """Have a service deleted, tasks and all; True once nothing of it is left.

    ACTIVE → DRAINING → INACTIVE → gone: INACTIVE and missing both count as gone.
    """
    with told_as("delete the ECS service"):
        try:
            return _delete_service(cluster, name) == "INACTIVE"
        except ClientError as problem:
            if code_of(problem) == "ServiceNotActiveException":
                return False  # it drains already: the next look shows when that is over
            if code_of(problem) not in _GONE:
                raise
    return True


def _delete_service(cluster: str, name: str) -> str:
    described = _ecs().describe_services(cluster=cluster, services=[name])["services"]
    status = described[0].get("status", "") if described else "MISSING"
    if status in {"ACTIVE", "MISSING"}:
        # Reads are eventually consistent: a service that does not show may be there all the same.
        answer = _ecs().delete_service(cluster=cluster, service=name, force=True)
        status = answer["service"].get("status", "DRAINING")
    return status


def task_definitions(families: Collection[str]) -> list[str]:
    """ARNs of these families' ACTIVE revisions."""
    pages = _ecs().get_paginator("list_task_definitions").paginate
    with told_as("look for task definitions"):
        arns = {
            arn
            for family in families
            for page in pages(familyPrefix=family, status="ACTIVE")
            for arn in page["taskDefinitionArns"]
        }
    return sorted(arn for arn in arns if arn.rpartition("/")[2].rpartition(":")[0] in families)


def revision(arn: str) -> int:
    """The number of a task definition's revision."""
    return int(arn.rpartition(":")[2])


def delete_task_definition(arn: str) -> None:
    """Deregister and delete one revision; no error if that was done before."""
    with told_as("delete a task definition"):
        try:
            _ecs().deregister_task_definition(taskDefinition=arn)
        except ClientError as problem:
            if code_of(problem) not in {"ClientException", "InvalidParameterException"}:
                raise
        _ecs().delete_task_definitions(taskDefinitions=[arn])


def _parts(names: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(names), size):
        yield list(names[start : start + size])


def _ecs() -> "ECSClient":
    ecs: ECSClient = client("ecs")
    return ecs

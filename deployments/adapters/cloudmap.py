"""AWS Cloud Map: the names under which the router finds tasks."""

import threading
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ..errors import UserError
from .aws import client, code_of, told_as

if TYPE_CHECKING:
    from mypy_boto3_servicediscovery import ServiceDiscoveryClient

#: Seconds that a resolver may keep an address: short, since tasks come and go.
_RECORD_TTL = 5
_A_PAGE = 100

_namespaces: dict[str, str] = {}
_lock = threading.Lock()


def namespace_id(name: str) -> str:
    """The id of a private DNS namespace by its name."""
    found = _find_namespace(name)
    if not found:
        raise UserError(
            f"There is no private DNS namespace “{name}” in Cloud Map.",
            hint="Create it, or name another in the repository's settings or EDAHA_NAMESPACE.",
        )
    return found


def _find_namespace(name: str) -> str:
    with _lock:
        if name in _namespaces:
            return _namespaces[name]
    with told_as(f"look for the Cloud Map namespace {name}"):
        pages = _cloudmap().get_paginator("list_namespaces").paginate()
        found = {
            entry["Name"]: entry["Id"]
            for page in pages
            for entry in page["Namespaces"]
            if entry.get("Type") == "DNS_PRIVATE"
        }
    with _lock:
        _namespaces.update(found)
    return found.get(name, "")


def create_service(namespace: str, name: str, tags: dict[str, str]) -> str:
    """Make the name, or find it where an earlier try made it; returns the service's ARN."""
    parent = namespace_id(namespace)
    with told_as("create the Cloud Map service"):
        try:
            answer = _cloudmap().create_service(
                Name=name,
                NamespaceId=parent,
                # At most 64 characters; the same request again returns the same service.
                CreatorRequestId=name,
                DnsConfig={
                    "RoutingPolicy": "MULTIVALUE",
                    "DnsRecords": [{"Type": "A", "TTL": _RECORD_TTL}],
                },
                # Only at creation, and ECS needs it to report its tasks' health.
                HealthCheckCustomConfig={"FailureThreshold": 1},
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )
            return answer["Service"]["Arn"]
        except ClientError as problem:
            if code_of(problem) != "ServiceAlreadyExists":
                raise
    found = find_service(namespace, name)
    if not found:
        raise UserError(f"The name {name}.{namespace} is taken in Cloud Map.")
    return found


def find_service(namespace: str, name: str) -> str:
    """The ARN of a service by its name; empty where there is none."""
    return services(namespace).get(name, "")


def services(namespace: str) -> dict[str, str]:
    """Name → ARN of every service of a namespace; empty where there is no such namespace."""
    parent = _find_namespace(namespace)
    if not parent:
        return {}
    with told_as("look for Cloud Map services"):
        pages = (
            _cloudmap()
            .get_paginator("list_services")
            .paginate(
                Filters=[{"Name": "NAMESPACE_ID", "Values": [parent], "Condition": "EQ"}],
                PaginationConfig={"PageSize": _A_PAGE},
            )
        )
        return {entry["Name"]: entry["Arn"] for page in pages for entry in page["Services"]}


def tags(arn: str) -> dict[str, str]:
    """What a service is tagged with; nothing where it is gone."""
    with told_as("look at a Cloud Map service"):
        try:
            answer = _cloudmap().list_tags_for_resource(ResourceARN=arn)
        except ClientError as problem:
            if code_of(problem) != "ResourceNotFoundException":
                raise
            return {}
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


def delete_service(arn: str) -> bool:
    """Delete a service; True once it is gone, False while instances are still leaving it.

    ECS deregisters its tasks by itself; whatever it left behind is deregistered here, which
    AWS does some time later.
    """
    service_id = arn.rpartition("/")[2]
    with told_as("delete the Cloud Map service"):
        try:
            for page in _cloudmap().get_paginator("list_instances").paginate(ServiceId=service_id):
                for instance in page["Instances"]:
                    _cloudmap().deregister_instance(ServiceId=service_id, InstanceId=instance["Id"])
            _cloudmap().delete_service(Id=service_id)
        except ClientError as problem:
            if code_of(problem) in {"ResourceInUse", "DuplicateRequest", "InstanceNotFound"}:
                return False
            if code_of(problem) != "ServiceNotFound":
                raise
    return True


def _cloudmap() -> "ServiceDiscoveryClient":
    cloudmap: ServiceDiscoveryClient = client("servicediscovery")
    return cloudmap

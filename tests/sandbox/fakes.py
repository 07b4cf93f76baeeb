# ruff: noqa: N803  (AWS names its parameters so)
"""ECS and Cloud Map as the agent and the DNS server see them, in memory."""

from collections.abc import Iterator
from typing import Any


class ServiceNotFound(Exception):
    """As boto3's own: a Cloud Map service that is not there."""


class Exceptions:
    ServiceNotFound = ServiceNotFound
    InstanceNotFound = KeyError
    NamespaceNotFound = LookupError


class Pages:
    """A paginator of one page."""

    def __init__(self, page: dict[str, Any]) -> None:
        self.page = page

    def paginate(self, **_: object) -> Iterator[dict[str, Any]]:
        yield self.page


class Ecs:
    def __init__(self) -> None:
        self.tasks: dict[str, dict[str, Any]] = {}
        self.services: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []

    def get_paginator(self, name: str) -> Pages:
        self.calls.append(name)
        return Pages({"taskArns": list(self.tasks)})

    def describe_tasks(self, cluster: str, tasks: list[str]) -> dict[str, Any]:
        self.calls.append("describe_tasks")
        return {"tasks": [self.tasks[arn] for arn in tasks]}

    def describe_services(self, cluster: str, services: list[str]) -> dict[str, Any]:
        self.calls.append("describe_services")
        return {"services": [self.services[name] for name in services if name in self.services]}


class CloudMap:
    exceptions = Exceptions

    def __init__(self) -> None:
        self.services: dict[str, dict[str, dict[str, str]]] = {}  # instances by service id
        self.ttl = 10
        self.unhealthy: set[str] = set()

    def register_instance(self, *, ServiceId: str, InstanceId: str, Attributes: Any) -> None:
        self.services[ServiceId][InstanceId] = Attributes

    def deregister_instance(self, *, ServiceId: str, InstanceId: str) -> None:
        if ServiceId not in self.services:
            raise ServiceNotFound(ServiceId)
        del self.services[ServiceId][InstanceId]

    def get_paginator(self, name: str) -> Any:
        if name == "list_services":
            return Pages({"Services": [self._summary(one) for one in self.services]})
        if name == "list_namespaces":
            return Pages({"Namespaces": [{"Id": "ns-1", "Name": "Edaha.internal"}]})
        return self

    def paginate(self, ServiceId: str) -> Iterator[dict[str, Any]]:
        instances = self.services[ServiceId].items()
        yield {"Instances": [{"Id": key, "Attributes": value} for key, value in instances]}

    def discover_instances(self, *, NamespaceName: str, ServiceName: str, HealthStatus: str) -> Any:
        if ServiceName not in self.services:
            raise ServiceNotFound(ServiceName)
        return {
            "Instances": [
                {
                    "InstanceId": key,
                    "Attributes": value,
                    "HealthStatus": "UNHEALTHY" if key in self.unhealthy else "HEALTHY",
                }
                for key, value in self.services[ServiceName].items()
            ]
        }

    def _summary(self, name: str) -> dict[str, Any]:
        records = [{"Type": "A", "TTL": self.ttl}]
        return {
            "Id": name,
            "Name": name,
            "DnsConfig": {"NamespaceId": "ns-1", "DnsRecords": records},
        }

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from .running import Running, proxy

_numbers = count(1)


@pytest.fixture(scope="package")
def aws() -> Iterator[Running]:
    """One proxy for all tests here, at a fifth of AWS's times, with a cluster and a namespace."""
    with proxy("--scale", "0.2", "--silence", "1") as running:
        running.client("ecs").create_cluster(clusterName="default")
        running.client("servicediscovery").create_private_dns_namespace(Name="test", Vpc="vpc-1")
        yield running


@pytest.fixture
def ecs(aws: Running) -> Any:
    return aws.client("ecs")


@pytest.fixture
def cloudmap(aws: Running) -> Any:
    return aws.client("servicediscovery")


@pytest.fixture
def ecr(aws: Running) -> Any:
    return aws.client("ecr")


@pytest.fixture
def name() -> str:
    """One that no other test uses."""
    return f"test-{next(_numbers)}"


@pytest.fixture(scope="package")
def definition(aws: Running) -> str:
    """The ARN of a task definition that is ACTIVE."""
    return register(aws.client("ecs"), "shared")


@pytest.fixture(scope="package")
def namespace(aws: Running) -> str:
    return str(aws.client("servicediscovery").list_namespaces()["Namespaces"][0]["Id"])


Request = Callable[..., dict[str, Any]]


@pytest.fixture
def request_of(name: str, definition: str) -> Request:
    """CreateService's arguments, with some of them changed."""

    def make(**changes: Any) -> dict[str, Any]:
        wanted = {
            "serviceName": name,
            "taskDefinition": definition,
            "desiredCount": 1,
            "clientToken": name,
        }
        return wanted | changes

    return make


def register(ecs: Any, family: str) -> str:
    containers = [{"name": "main", "image": "busybox", "memory": 64}]
    answer = ecs.register_task_definition(family=family, containerDefinitions=containers)
    return str(answer["taskDefinition"]["taskDefinitionArn"])

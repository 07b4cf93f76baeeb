"""What a task registers in Cloud Map."""

from typing import Any

from sandbox.discovery.registrations import (
    is_left_over,
    is_settled,
    private_address,
    registrations,
    service_name,
)

ACCOUNT = "arn:aws:ecs:us-east-1:000000000000"
TASK: dict[str, Any] = {
    "taskArn": f"{ACCOUNT}:task/edaha/0123abcd",
    "clusterArn": f"{ACCOUNT}:cluster/edaha",
    "taskDefinitionArn": f"{ACCOUNT}:task-definition/red-app:7",
    "group": "service:red",
    "lastStatus": "RUNNING",
    "availabilityZone": "us-east-1a",
    "attachments": [
        {
            "details": [
                {"name": "subnetId", "value": "subnet-1"},
                {"name": "privateIPv4Address", "value": "10.0.0.7"},
            ]
        },
    ],
}
REGISTRY = "arn:aws:servicediscovery:us-east-1:000000000000:service/srv-1"
SERVICE = {"serviceName": "red", "serviceRegistries": [{"registryArn": REGISTRY}]}


def test_a_task_registers_the_attributes_that_ecs_documents() -> None:
    [one] = registrations(TASK, SERVICE)

    assert (one.registry, one.instance) == ("srv-1", "0123abcd")
    assert one.attributes == {
        "AWS_INSTANCE_IPV4": "10.0.0.7",
        "AVAILABILITY_ZONE": "us-east-1a",
        "REGION": "us-east-1",
        "ECS_CLUSTER_NAME": "edaha",
        "ECS_SERVICE_NAME": "red",
        "ECS_TASK_DEFINITION_FAMILY": "red-app",
    }


def test_a_task_without_an_address_registers_nothing() -> None:
    assert list(registrations(TASK | {"attachments": []}, SERVICE)) == []


def test_a_service_without_a_registry_registers_nothing() -> None:
    assert list(registrations(TASK, {"serviceName": "red"})) == []


def test_a_task_of_no_service_has_no_service_name() -> None:
    assert service_name(TASK) == "red"
    assert service_name({"group": "family:red"}) is None
    assert service_name({}) is None


def test_a_task_is_settled_once_it_runs() -> None:
    assert is_settled(TASK)
    assert not is_settled(TASK | {"lastStatus": "ACTIVATING"})
    assert private_address({"attachments": [{"details": [{"name": "subnetId"}]}]}) is None


def test_only_instances_of_this_cluster_can_be_left_over() -> None:
    instance = {"Id": "gone", "Attributes": {"ECS_CLUSTER_NAME": "edaha"}}

    assert is_left_over(instance, "edaha", ["other"])
    assert not is_left_over(instance, "edaha", ["gone"])
    assert not is_left_over(instance, "another", [])
    assert not is_left_over({"Id": "by-hand"}, "edaha", [])

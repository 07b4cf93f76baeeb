"""What has to exist for a definition: every place that names something."""

from typing import Any

import pytest

from deployments.adapters.needs import Asked, Need, needs, vcpus
from deployments.definitions.preview import Platform

_SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-AbCdEf"
PLATFORM = Platform(
    region="eu-west-1",
    cluster="previews",
    log_group="/edaha/acme/shop",
    subnets=("subnet-1",),
    security_groups=("sg-1",),
)


def named(kind: str, task: dict[str, Any], service: dict[str, Any] | None = None) -> list[str]:
    found = needs(Asked(PLATFORM, {"web": (task, service or {})}))
    return [need.name for need in found if need.kind == kind]


def container(**fields: Any) -> dict[str, Any]:
    return {"containerDefinitions": [{"name": "php", **fields}]}


def test_what_several_ask_for_is_needed_once() -> None:
    task = {"executionRoleArn": "arn:aws:iam::1:role/x", **container()}
    found = needs(Asked(PLATFORM, {"web": (task, {}), "api": (task, {})}))
    assert [need for need in found if need.kind == "role"] == [
        Need("role", "arn:aws:iam::1:role/x", ("web", "api"))
    ]


def test_a_role_is_needed_once_though_it_has_two_parts() -> None:
    task = {"executionRoleArn": "arn:aws:iam::1:role/x", "taskRoleArn": "arn:aws:iam::1:role/x"}
    assert named("role", task) == ["arn:aws:iam::1:role/x"]


@pytest.mark.parametrize(
    ("value_from", "kind", "name"),
    [
        ("/shop/db", "parameter", "/shop/db"),
        ("arn:aws:ssm:eu-west-1:123456789012:parameter/shop/db", "parameter", "/shop/db"),
        ("arn:aws:ssm:eu-west-1:123456789012:parameter/db", "parameter", "db"),
        ("arn:aws:ssm:eu-west-1:123456789012:parameter/parameter/x", "parameter", "/parameter/x"),
        (_SECRET, "secret", _SECRET),
        (f"{_SECRET}:password::", "secret", _SECRET),
        (f"{_SECRET}:password:AWSPREVIOUS:", "secret", _SECRET),
    ],
)
def test_each_form_of_value_from_is_understood(value_from: str, kind: str, name: str) -> None:
    secrets = [{"name": "DB", "valueFrom": value_from}]
    assert named(kind, container(secrets=secrets)) == [name]
    options = {"logDriver": "splunk", "secretOptions": secrets}
    assert named(kind, container(logConfiguration=options)) == [name]


def test_the_login_of_a_registry_is_a_secret() -> None:
    credentials = {"credentialsParameter": _SECRET}
    assert named("secret", container(repositoryCredentials=credentials)) == [_SECRET]


def test_another_region_or_account_is_left_to_ecs() -> None:
    secrets = [
        {"name": "C", "valueFrom": _SECRET.replace("123456789012", "999999999999")},
        {"name": "D", "valueFrom": "arn:aws:ssm:eu-west-1:999999999999:parameter/x"},
        {"name": "A", "valueFrom": _SECRET.replace("eu-west-1", "us-east-1")},
        {"name": "B", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/x"},
    ]
    role = "arn:aws:iam::123456789012:role/execution"
    task = {**container(secrets=secrets), "executionRoleArn": role}
    assert named("secret", task) + named("parameter", task) == []


@pytest.mark.parametrize(
    ("driver", "options", "expected"),
    [
        ("awslogs", {"awslogs-group": "/shop"}, ["/shop"]),
        ("awslogs", {"awslogs-group": "/shop", "awslogs-create-group": "true"}, []),
        ("awslogs", {"awslogs-group": "/shop", "awslogs-region": "us-east-1"}, []),
        # Edaha makes its own before the release.
        ("awslogs", {"awslogs-group": "/edaha/acme/shop"}, []),
        ("awsfirelens", {"awslogs-group": "/shop"}, []),
    ],
)
def test_a_log_group_is_needed_where_nobody_makes_it(
    driver: str, options: dict[str, str], expected: list[str]
) -> None:
    task = container(logConfiguration={"logDriver": driver, "options": options})
    assert named("log-group", task) == expected


def test_a_file_system_is_needed_by_its_volume() -> None:
    volumes = [{"name": "a", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}, {"name": "b"}]
    assert named("file-system", {"volumes": volumes}) == ["fs-1"]


def test_the_clusters_capacity_providers_and_their_vcpus_are_needed() -> None:
    strategy = [{"capacityProvider": "FARGATE_SPOT"}, {"capacityProvider": "FARGATE", "base": 1}]
    service = {"cluster": "other", "capacityProviderStrategy": strategy}
    found = needs(Asked(PLATFORM, {"web": ({"cpu": "512"}, service)}))
    [cluster] = [need for need in found if need.kind == "cluster"]
    assert cluster.name == "other"
    assert cluster.details[0] == ("FARGATE_SPOT", "FARGATE")
    quotas = {(need.name, need.amount) for need in found if need.kind == "vcpu"}
    assert quotas == {("FARGATE", 0.5), ("FARGATE_SPOT", 0.5)}


def test_no_fargate_no_vcpus() -> None:
    assert named("vcpu", {"cpu": "512"}, {"launchType": "EC2"}) == []


@pytest.mark.parametrize(
    ("cpu", "expected"),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
    [("1024", 1), ("256", 0.25), ("1 vCPU", 1), (".25 vCPU", 0.25), ("0.5vcpu", 0.5), ("", 0)],
)
def test_cpu_is_read_in_both_of_its_units(cpu: str, expected: float) -> None:
    assert vcpus(cpu) == expected

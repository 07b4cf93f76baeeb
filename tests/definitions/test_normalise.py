"""What means the same to ECS has one form.

Rows marked “ecspresso” are what its diff_test.go and diff.go overlook:
https://github.com/kayac/ecspresso/blob/v2/diff_test.go
https://github.com/kayac/ecspresso/blob/v2/diff.go
"""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.definitions import normalise

from . import samples

Definition = dict[str, Any]


def of(**container: Any) -> Definition:
    return {"networkMode": "awsvpc", "containerDefinitions": [{"name": "app", **container}]}


def pairs(*names: str, of: str = "name") -> list[Definition]:
    return [{of: name, "value": name.lower()} for name in names]


#: Where it is from, two ways to write a task definition.
TASKS: list[tuple[str, Definition, Definition]] = [
    # TestTaskDefinitionDiffer
    ("ecspresso", {"cpu": "0.25 vCPU"}, {"cpu": "256"}),
    ("ecspresso", {"memory": "1 GB"}, {"memory": "1024"}),
    ("ecspresso", of(environment=pairs("TZ", "LANG")), of(environment=pairs("LANG", "TZ"))),
    (
        "ecspresso",
        {"containerDefinitions": [{"name": "app"}, {"name": "web", "cpu": 0}]},
        {"containerDefinitions": [{"name": "web"}, {"name": "app"}]},
    ),
    ("ecspresso", {}, {"volumes": []}),
    (
        "ecspresso",
        {"proxyConfiguration": {"containerName": "envoy", "properties": pairs("B", "A")}},
        {"proxyConfiguration": {"containerName": "envoy", "properties": pairs("A", "B")}},
    ),
    (
        "ecspresso",
        {"tags": pairs("AppVersion", "Environment", of="key")},
        {"tags": pairs("Environment", "AppVersion", of="key")},
    ),
    # sortTaskDefinition
    (
        "ecspresso",
        of(mountPoints=[{"containerPath": "/b"}, {"containerPath": "/a"}]),
        of(mountPoints=[{"containerPath": "/a"}, {"containerPath": "/b"}]),
    ),
    (
        "ecspresso",
        of(portMappings=[{"containerPort": 443}, {"containerPort": 80}]),
        of(portMappings=[{"containerPort": 80}, {"containerPort": 443}]),
    ),
    (
        "ecspresso",
        of(portMappings=[{"containerPort": 80}]),
        of(portMappings=[{"containerPort": 80, "hostPort": 80}]),
    ),
    (
        "ecspresso",
        of(volumesFrom=[{"sourceContainer": "b"}, {"sourceContainer": "a"}]),
        of(volumesFrom=[{"sourceContainer": "a"}, {"sourceContainer": "b"}]),
    ),
    (
        "ecspresso",
        of(secrets=[{"name": "B", "valueFrom": "b"}, {"name": "A", "valueFrom": "a"}]),
        of(secrets=[{"name": "A", "valueFrom": "a"}, {"name": "B", "valueFrom": "b"}]),
    ),
    (
        "ecspresso",
        {"placementConstraints": [{"expression": "b"}, {"expression": "a"}]},
        {"placementConstraints": [{"expression": "a"}, {"expression": "b"}]},
    ),
    (
        "ecspresso",
        {"requiresCompatibilities": ["FARGATE", "EC2"]},
        {"requiresCompatibilities": ["EC2", "FARGATE"]},
    ),
    (
        "ecspresso",
        {"volumes": [{"name": "b"}, {"name": "a"}]},
        {"volumes": [{"name": "a"}, {"name": "b"}]},
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    ("AWS", of(essential=True), of()),
    ("AWS", of(cpu="256", memory="512"), of(cpu=256, memory=512)),
    (
        "AWS",
        of(portMappings=[{"containerPort": 80, "protocol": "tcp"}]),
        of(portMappings=[{"containerPort": 80}]),
    ),
    ("AWS", of(privileged=False, command=[], dockerLabels={}, user=None), of()),
    (
        "AWS",
        of(ulimits=[{"name": "nproc"}, {"name": "nofile"}]),
        of(ulimits=[{"name": "nofile"}, {"name": "nproc"}]),
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
    (
        "AWS",
        of(healthCheck={"command": ["CMD", "x"], "interval": 30, "timeout": 5, "retries": 3}),
        of(healthCheck={"command": ["CMD", "x"]}),
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
    ("AWS", {"cpu": 256, "memory": 512}, {"cpu": "256", "memory": "512"}),
    ("AWS", {"networkMode": "bridge"}, {}),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Volume.html
    ("AWS", {"volumes": [{"name": "a", "host": {}}]}, {"volumes": [{"name": "a"}]}),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSVolumeConfiguration.html
    (
        "AWS",
        {"volumes": [{"efsVolumeConfiguration": {"fileSystemId": "f", "rootDirectory": "/"}}]},
        {"volumes": [{"efsVolumeConfiguration": {"fileSystemId": "f"}}]},
    ),
]


def network(*subnets: str, **more: str) -> Definition:
    return {"networkConfiguration": {"awsvpcConfiguration": {"subnets": [*subnets], **more}}}


SERVICES: list[tuple[str, Definition, Definition]] = [
    # TestServiceDefinitionDiffer
    (
        "ecspresso",
        {"launchType": "FARGATE"},
        {"launchType": "FARGATE", "platformVersion": "LATEST"},
    ),
    ("ecspresso", {}, {"schedulingStrategy": "REPLICA"}),
    (
        "ecspresso",
        {},
        {"deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100}},
    ),
    ("ecspresso", network("b", "a"), network("a", "b", assignPublicIp="DISABLED")),
    (
        "ecspresso",
        {"networkConfiguration": {"awsvpcConfiguration": {"securityGroups": ["b", "a"]}}},
        {"networkConfiguration": {"awsvpcConfiguration": {"securityGroups": ["a", "b"]}}},
    ),
    # ServiceDefinitionForDiff
    (
        "ecspresso",
        {"deploymentConfiguration": {"maximumPercent": 150}},
        {
            "deploymentConfiguration": {
                "maximumPercent": 150,
                "deploymentCircuitBreaker": {"enable": False, "rollback": False},
            }
        },
    ),
    # fillDeploymentConfigurationDefaults
    (
        "ecspresso",
        {"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True}}},
        {
            "deploymentConfiguration": {
                "deploymentCircuitBreaker": {
                    "enable": True,
                    "resetOnHealthyTask": True,
                    "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
                }
            }
        },
    ),
    (
        "ecspresso",
        {"deploymentConfiguration": {"earlySuccessCriteria": {"enable": False}}},
        {
            "deploymentConfiguration": {
                "earlySuccessCriteria": {
                    "enable": False,
                    "healthyPercent": 100,
                    "sourceServiceRevisionCleanup": "BLOCKING",
                }
            }
        },
    ),
    (
        "ecspresso",
        {"deploymentConfiguration": {"lifecycleHooks": [{"hookTargetArn": "a"}]}},
        {
            "deploymentConfiguration": {
                "lifecycleHooks": [
                    {
                        "hookTargetArn": "a",
                        "targetType": "AWS_LAMBDA",
                        "timeoutConfiguration": {"action": "ROLLBACK", "timeoutInMinutes": 1440},
                    }
                ]
            }
        },
    ),
    (
        "ecspresso",
        {"schedulingStrategy": "DAEMON"},
        {
            "schedulingStrategy": "DAEMON",
            "deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0},
        },
    ),
    (
        "ecspresso",
        {"placementStrategy": [{"type": "spread"}, {"type": "binpack"}]},
        {"placementStrategy": [{"type": "binpack"}, {"type": "spread"}]},
    ),
    (
        "ecspresso",
        {"placementConstraints": [{"type": "memberOf"}, {"type": "distinctInstance"}]},
        {"placementConstraints": [{"type": "distinctInstance"}, {"type": "memberOf"}]},
    ),
    ("ecspresso", {"tags": pairs("B", "A", of="key")}, {"tags": pairs("A", "B", of="key")}),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
    ("AWS", {"deploymentController": {"type": "ECS"}, "propagateTags": "NONE"}, {}),
    ("AWS", {"enableExecuteCommand": False, "loadBalancers": []}, {}),
    (
        "AWS",
        {
            "capacityProviderStrategy": [
                {"capacityProvider": "b", "base": 0},
                {"capacityProvider": "a"},
            ]
        },
        {"capacityProviderStrategy": [{"capacityProvider": "a"}, {"capacityProvider": "b"}]},
    ),
]


@pytest.mark.parametrize(("source", "one", "other"), TASKS, ids=lambda value: str(value)[:40])
def test_task_definitions_that_mean_the_same(
    source: str, one: Definition, other: Definition
) -> None:
    assert normalise.task_definition(one) == normalise.task_definition(other), source


@pytest.mark.parametrize(("source", "one", "other"), SERVICES, ids=lambda value: str(value)[:40])
def test_service_definitions_that_mean_the_same(
    source: str, one: Definition, other: Definition
) -> None:
    assert normalise.service(one) == normalise.service(other), source


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (of(essential=False), of()),
        (of(command=["a", "b"]), of(command=["b", "a"])),
        (of(environment=pairs("A")), of(environment=[])),
        # Which of two files wins is a matter of order.
        (
            of(environmentFiles=[{"value": "a"}, {"value": "b"}]),
            of(environmentFiles=[{"value": "b"}, {"value": "a"}]),
        ),
        (of(dnsServers=["a", "b"]), of(dnsServers=["b", "a"])),
        ({"cpu": "256"}, {"cpu": "512"}),
        ({"networkMode": "awsvpc"}, {}),
        (
            of(portMappings=[{"containerPort": 80, "protocol": "udp"}]),
            of(portMappings=[{"containerPort": 80}]),
        ),
        # Outside awsvpc a host port is a promise.
        (
            {"containerDefinitions": [{"portMappings": [{"containerPort": 80, "hostPort": 80}]}]},
            {"containerDefinitions": [{"portMappings": [{"containerPort": 80}]}]},
        ),
    ],
    ids=str,
)
def test_what_differs_to_ecs_stays_different(one: Definition, other: Definition) -> None:
    assert normalise.task_definition(one) != normalise.task_definition(other)


def test_nothing_is_done_to_what_is_given() -> None:
    before = deepcopy((samples.TASK_DEFINITION, samples.SERVICE_DEFINITION))
    normalise.task_definition(samples.TASK_DEFINITION)
    normalise.service(samples.SERVICE_DEFINITION)
    normalise.impersonal(samples.TASK_DEFINITION, samples.SERVICE_DEFINITION)
    assert before == (samples.TASK_DEFINITION, samples.SERVICE_DEFINITION)


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 300)
    | st.sampled_from(["", "a", "0", "1 GB", "tcp"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            [*normalise.IDENTITY, "cpu", "memory", "name", "value", "hostPort", "containerPort",
             "protocol", "networkMode", "healthCheck", "interval", "essential", "subnets",
             "deploymentConfiguration", "schedulingStrategy", "launchType", "maximumPercent"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip
_mappings = st.dictionaries(
    st.sampled_from(
        ["containerDefinitions", "volumes", "tags", "cpu", "memory", "networkMode",
         "deploymentConfiguration", "networkConfiguration", "capacityProviderStrategy"]
    ),
    _json,
    max_size=5,
)  # fmt: skip


@given(_mappings)
def test_twice_is_as_once_whatever_was_written(written: Definition) -> None:
    task = normalise.task_definition(written)
    assert normalise.task_definition(task) == task
    service = normalise.service(written)
    assert normalise.service(service) == service


class TestImpersonal:
    def test_names_tags_and_edahas_variables_do_not_tell_two_branches_apart(self) -> None:
        one = samples.composed()
        other = samples.composed(
            preview=type(samples.PREVIEW)(
                **{
                    **vars(samples.PREVIEW),
                    "branch": "other",
                    "slug": "other",
                    "urls": {"app": "https://other.example.com"},
                }
            )
        )
        assert one.task_definition != other.task_definition
        assert normalise.impersonal(one.task_definition, one.service) == normalise.impersonal(
            other.task_definition, other.service
        )

    def test_what_the_team_wrote_does(self) -> None:
        changed = samples.task(memory="4096", tags=[{"key": "Team", "value": "else"}])
        one, _ = normalise.impersonal(samples.composed().task_definition, {})
        other, _ = normalise.impersonal(samples.composed(changed).task_definition, {})
        assert one["memory"] != other["memory"]
        assert one["tags"] != other["tags"]

"""Service definitions that AWS would refuse only later, or that cannot work.

Each row's source is the page that is named above it, or by the rule's own module.
"""

import pytest

from deployments.definitions.application import Application, Image
from deployments.definitions.rules import check

from . import samples
from .rule_samples import PLAIN, Definition, on_ec2, only, service_on_ec2
from .samples import container, problems_of_team, service, told

SERVICES: list[tuple[Definition, str]] = [
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
    ({"schedulingStrategy": "DAEMON"}, "runs on every host of the cluster"),
    ({"deploymentController": {"type": "EXTERNAL"}}, "EXTERNAL deployment controller"),
    (
        {
            "serviceRegistries": [
                {"registryArn": "a", "containerName": "nginx", "containerPort": 80}
            ]
        },
        "has SRV records",
    ),
    ({"serviceRegistries": [{"registryArn": "a", "port": 80}]}, "has SRV records"),
    (
        {"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]},
        "either a launch type or a capacity provider strategy",
    ),
    ({"launchType": "EC2"}, "is for FARGATE, the service for EC2"),
    (
        {
            "launchType": None,
            "capacityProviderStrategy": [
                {"capacityProvider": "FARGATE", "weight": 1},
                {"capacityProvider": "ours", "weight": 1},
            ],
        },
        "does not mix with capacity providers of EC2",
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
    (
        {
            "launchType": None,
            "capacityProviderStrategy": [
                {"capacityProvider": "FARGATE", "weight": 1, "base": 1},
                {"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 1},
            ],
        },
        "Only one capacity provider may have a base",
    ),
    (
        {"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
        "weight above 0",
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
    (
        {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"] * 17}}},
        "17 subnets are too many",
    ),
    (
        {"networkConfiguration": {"awsvpcConfiguration": {"subnets": []}}},
        "No subnets are known",
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html
    (
        {"serviceConnectConfiguration": {"enabled": True, "services": [{"portName": "http"}]}},
        "names the port http, but no port mapping",
    ),
    ({"tags": [{"key": f"t{n}", "value": ""} for n in range(48)]}, "There are 51 tags"),
]


@pytest.mark.parametrize(("settings", "message"), SERVICES, ids=lambda value: str(value)[:50])
def test_a_service_definition_that_cannot_work(settings: Definition, message: str) -> None:
    problem = only(problems_of_team(None, told(**settings)), message)
    assert problem.file in ("ecs-service-def.json", "ecs-task-def.json")
    assert problem.line is not None
    assert problem.hint


def test_public_addresses_are_for_fargate() -> None:
    network = {"awsvpcConfiguration": {"subnets": ["s"], "assignPublicIp": "ENABLED"}}
    found = problems_of_team(on_ec2(), service_on_ec2(networkConfiguration=network))
    only(found, "Only tasks on Fargate get public addresses")


class TestVisitors:
    def test_a_port_that_nothing_tells_is_a_problem(self) -> None:
        both = container(portMappings=[{"containerPort": 80}, {"containerPort": 81}])
        problem = only(problems_of_team(both, PLAIN), "Nothing tells which port")
        assert "edaha.yml" in problem.hint
        assert problems_of_team(both, PLAIN, port=81) == []

    def test_so_is_one_that_is_not_mapped(self) -> None:
        only(problems_of_team(container(), PLAIN, port=81), "on port 81, which it does not map")

    def test_so_is_a_load_balancers_container_that_is_not_there(self) -> None:
        only(problems_of_team(container(), told()), "container nginx, which the task does not have")

    def test_before_the_build_exposes_port_may_be_unknown(self) -> None:
        described = service()
        definition = samples.generated(described, port=None)
        plan = samples.Plan(Application((Image("app"),), (described,)))
        assert definition.port == 0
        assert check(definition, described, plan, {}) == []

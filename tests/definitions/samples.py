"""An application, a preview and a team's ecspresso files to try things with."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from deployments.definitions.application import Application, Container, Ecspresso, Image, Service
from deployments.definitions.compose import Change, Definition, compose
from deployments.definitions.preview import Platform, Preview
from deployments.definitions.problems import Problem
from deployments.definitions.rules import check

from ..deployments.models_of_aws import complaints

DIGEST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/edaha/shop@sha256:" + "0" * 64
IMAGES = {"app": DIGEST}
EXECUTION = "arn:aws:iam::123456789012:role/execution"
TASK = "arn:aws:iam::123456789012:role/task"

PREVIEW = Preview(
    installation="edaha",
    repository="acme/shop",
    branch="feature/x",
    slug="feature-x-1234567",
    branch_id=2,
    generation=4,
    commit="a" * 40,
    pull_request=7,
    urls={"app": "https://feature-x-1234567.example.com"},
    default_service="app",
)
PLATFORM = Platform(
    region="eu-west-1",
    cluster="previews",
    log_group="/edaha/acme/shop",
    subnets=("subnet-1", "subnet-2"),
    security_groups=("sg-1",),
    execution_role_arn=EXECUTION,
)


def platform(**settings: Any) -> Platform:
    return Platform(**{**vars(PLATFORM), **settings})


def service(*containers: Container, **settings: Any) -> Service:
    main = Container(name="app", image="app")
    return Service(name="app", is_default=True, containers=containers or (main,), **settings)


@dataclass(frozen=True)
class Team:
    """ecspresso's files, as if they were read; line 7 for every place that exists."""

    task_definition: dict[str, Any]
    service_definition: dict[str, Any] | None = None
    task_definition_path: str = "ecs-task-def.json"
    service_definition_path: str | None = "ecs-service-def.json"

    def line_of(self, file: str, *path: str | int) -> int | None:
        wrote = {
            self.task_definition_path: self.task_definition,
            self.service_definition_path: self.service_definition,
        }
        value: Any = wrote[file]
        for depth, part in enumerate(path):
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return 100 + depth
        return 7 + len(path)


#: What nginx in front of PHP looks like in production.
TASK_DEFINITION: dict[str, Any] = {
    "family": "shop",
    "taskRoleArn": TASK,
    "executionRoleArn": EXECUTION,
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "1024",
    "memory": "2048",
    "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
    "containerDefinitions": [
        {
            "name": "nginx",
            "image": "public.ecr.aws/nginx/nginx:1.27",
            "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
            "dependsOn": [{"containerName": "php", "condition": "HEALTHY"}],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "/ecs/shop",
                    "awslogs-region": "eu-west-1",
                    "awslogs-stream-prefix": "nginx",
                },
            },
        },
        {
            "name": "php",
            "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:v42",
            "cpu": 512,
            "memory": 1024,
            "memoryReservation": 512,
            "environment": [{"name": "APP_ENV", "value": "production"}],
            "secrets": [{"name": "DB_PASSWORD", "valueFrom": "/shop/db"}],
            "healthCheck": {"command": ["CMD-SHELL", "php-fpm-healthcheck"], "interval": 10},
            "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}],
            "mountPoints": [{"sourceVolume": "files", "containerPath": "/files"}],
        },
    ],
    "volumes": [
        {
            "name": "files",
            "efsVolumeConfiguration": {
                "fileSystemId": "fs-1234",
                "transitEncryption": "ENABLED",
            },
        }
    ],
    "tags": [{"key": "Team", "value": "shop"}],
}
SERVICE_DEFINITION: dict[str, Any] = {
    "serviceName": "shop",
    "desiredCount": 4,
    "launchType": "FARGATE",
    "platformVersion": "1.4.0",
    "schedulingStrategy": "REPLICA",
    "deploymentConfiguration": {
        "maximumPercent": 150,
        "minimumHealthyPercent": 50,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    },
    "enableExecuteCommand": True,
    "healthCheckGracePeriodSeconds": 60,
    "loadBalancers": [
        {
            "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/shop/1",
            "containerName": "nginx",
            "containerPort": 80,
        }
    ],
    "networkConfiguration": {
        "awsvpcConfiguration": {
            "subnets": ["subnet-9"],
            "securityGroups": ["sg-9"],
            "assignPublicIp": "DISABLED",
        }
    },
    "propagateTags": "SERVICE",
    "tags": [{"key": "Team", "value": "shop"}],
}
#: What the sample needs to be allowed.
ALLOWED = (f"role:{TASK}", "ssm:/shop/*", "file-system:fs-1234")


def task(**settings: Any) -> dict[str, Any]:
    return deepcopy(TASK_DEFINITION) | settings


def told(**settings: Any) -> dict[str, Any]:
    return deepcopy(SERVICE_DEFINITION) | settings


def container(**settings: Any) -> dict[str, Any]:
    """A task definition of a single container, which visitors reach on port 80."""
    one = {"name": "web", "image": "nginx:1", "portMappings": [{"containerPort": 80}]}
    return task(containerDefinitions=[one | settings], volumes=[])


def composed(
    task_definition: dict[str, Any] | None = None,
    service_definition: dict[str, Any] | None = None,
    *,
    images: Mapping[str, str] = IMAGES,
    replaces: Mapping[str, str] | None = None,
    preview: Preview = PREVIEW,
    platform: Platform = PLATFORM,
    **settings: Any,
) -> Definition:
    """What ECS is told of a team's files; those of the sample where none are given."""
    return compose(
        of_team(replaces, **settings),
        preview,
        platform,
        images,
        family="edaha-feature-x-1234567-2",
        service_name="edaha-feature-x-1234567-2-4",
        team=Team(
            task() if task_definition is None else task_definition,
            told() if service_definition is None else service_definition,
        ),
    )


def change(definition: Definition, where: str) -> Change:
    (found,) = [each for each in definition.changes if each.where == where]
    return found


def of_team(replaces: Mapping[str, str] | None = None, **settings: Any) -> Service:
    return Service(
        name="app",
        is_default=True,
        ecspresso=Ecspresso("ecspresso.yml", images=replaces or {}),
        **settings,
    )


def generated(described: Service, **settings: Any) -> Definition:
    """What ECS is told of a service in edaha.yml."""
    return compose(
        described,
        PREVIEW,
        settings.pop("platform", PLATFORM),
        settings.pop("images", IMAGES),
        family="edaha-feature-x-1234567-2",
        service_name="edaha-feature-x-1234567-2-4",
        **{"port": 8000, **settings},
    )


@dataclass(frozen=True)
class Plan:
    application: Application
    platform: Platform = PLATFORM
    preview: Preview = PREVIEW
    teams: Mapping[str, Team] = field(default_factory=dict)


def problems_of_team(
    task_definition: dict[str, Any] | None = None,
    service_definition: dict[str, Any] | None = None,
    *,
    allowed: tuple[str, ...] = ALLOWED,
    built_for: tuple[str, ...] = ("linux/amd64",),
    replaces: Mapping[str, str] | None = None,
    platform: Platform = PLATFORM,
    **settings: Any,
) -> list[Problem]:
    """What is wrong with a team's files."""
    given = Platform(**{**vars(platform), "allowed": allowed})
    team = Team(
        task() if task_definition is None else task_definition,
        told() if service_definition is None else service_definition,
    )
    described = of_team(replaces, **settings)
    definition = composed(
        team.task_definition,
        team.service_definition,
        platform=given,
        replaces=replaces,
        **settings,
    )
    application = Application((Image("app"),), (described,), source="edaha.yml")
    plan = Plan(application, given, teams={"app": team})
    return check(definition, described, plan, {"app": built_for})


def problems_of(
    described: Service,
    *,
    lines: Mapping[tuple[str, ...], int] | None = None,
    built_for: tuple[str, ...] = ("linux/amd64",),
    **settings: Any,
) -> list[Problem]:
    """What is wrong with a service in edaha.yml."""
    application = Application(
        (Image("app"),), (described,), source="edaha.yml" if lines else "", lines=lines or {}
    )
    given = platform(**settings)
    definition = generated(described, platform=given)
    return check(definition, described, Plan(application, given), {"app": built_for})


def refused_by_boto3(definition: Definition) -> str:
    """What boto3 would say of both calls; empty where it would send them."""
    released = definition.service | {
        "taskDefinition": "shop:1",
        "clientToken": "x",
        "serviceRegistries": [{"registryArn": "arn:aws:servicediscovery:eu-west-1:1:service/s"}],
    }
    return complaints("ecs", "RegisterTaskDefinition", definition.task_definition) + complaints(
        "ecs", "CreateService", released
    )

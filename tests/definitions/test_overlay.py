"""What makes a team's own files a preview's, and that every change of them is told."""

from typing import Any

import pytest

from deployments.definitions.compose import Definition, compose, log_stream

from . import samples
from .samples import DIGEST, change, composed, container, task, told

OURS = {"edaha:installation", "edaha:repository", "edaha:branch"}


def named(definition: Definition, name: str) -> dict[str, Any]:
    every = definition.task_definition["containerDefinitions"]
    return next(each for each in every if each["name"] == name)


def test_boto3_would_send_it() -> None:
    assert not samples.refused_by_boto3(composed())


class TestTaskDefinition:
    def test_family_and_tags_are_the_previews(self) -> None:
        made = composed().task_definition
        assert made["family"] == "edaha-feature-x-1234567-2"
        assert {each["key"] for each in made["tags"]} == {"Team"} | OURS

    def test_a_tag_of_the_teams_gives_way_to_edahas(self) -> None:
        made = composed(task(tags=[{"key": "edaha:branch", "value": "mine"}])).task_definition
        branches = [each["value"] for each in made["tags"] if each["key"] == "edaha:branch"]
        assert branches == ["feature-x-1234567"]

    def test_containers_learn_where_they_run_but_keep_what_they_say(self) -> None:
        own = [{"name": "EDAHA_URL", "value": "mine"}]
        made = composed(
            container(environment=own, secrets=[{"name": "EDAHA_SLUG", "valueFrom": "s"}])
        )
        names = [each["name"] for each in named(made, "web")["environment"]]
        assert names.count("EDAHA_URL") == 1
        assert named(made, "web")["environment"][0]["value"] == "mine"
        assert "EDAHA_SLUG" not in names
        assert "EDAHA_BRANCH" in names
        assert "PORT" not in names

    def test_log_streams_are_the_branchs_and_the_group_stays(self) -> None:
        made = composed()
        arn = "arn:aws:ecs:eu-west-1:1:task/previews/0abc"
        assert log_stream(made.task_definition, "nginx", arn) == (
            "/ecs/shop",
            "feature-x-1234567/nginx/0abc",
        )

    def test_logs_are_kept_where_the_team_keeps_none(self) -> None:
        made = composed()
        options = named(made, "php")["logConfiguration"]["options"]
        assert options["awslogs-group"] == "/edaha/acme/shop"

    def test_other_log_drivers_stay(self) -> None:
        firelens = {"logDriver": "awsfirelens", "options": {"Name": "s3"}}
        assert named(composed(container(logConfiguration=firelens)), "web")["logConfiguration"] == (
            firelens
        )

    def test_the_execution_role_is_the_platforms_where_there_is_none(self) -> None:
        written = task()
        del written["executionRoleArn"]
        assert composed(written).task_definition["executionRoleArn"] == samples.EXECUTION

    def test_a_number_becomes_the_text_that_ecs_takes(self) -> None:
        made = composed(task(cpu=1024, memory=2048))
        assert made.task_definition["cpu"] == "1024"
        assert change(made, "taskDefinition.cpu").before == 1024

    def test_what_describe_tells_and_what_nobody_knows_is_left_out(self) -> None:
        made = composed(task(revision=3, status="ACTIVE", compatibilities=["EC2"], famly="x"))
        assert not {"revision", "status", "compatibilities", "famly"} & set(made.task_definition)
        assert change(made, "taskDefinition.revision").why == "ECS tells this; it cannot be set."
        assert change(made, "taskDefinition.famly").before == "x"

    def test_null_says_nothing(self) -> None:
        made = composed(task(pidMode=None, volumes=[{"name": "files", "host": None}]))
        assert "pidMode" not in made.task_definition
        assert not samples.refused_by_boto3(made)


class TestImages:
    def test_the_only_image_is_run_by_the_container_that_visitors_reach(self) -> None:
        made = composed()
        assert named(made, "nginx")["image"] == DIGEST
        assert (
            named(made, "php")["image"]
            == samples.TASK_DEFINITION["containerDefinitions"][1]["image"]
        )
        assert made.images == {"nginx": "app"}

    def test_a_container_of_the_images_name_comes_before_the_web_server_in_front(self) -> None:
        """isucon/isucon14-portal and others: nginx, which has the port, and app."""
        written = task()
        written["containerDefinitions"][1]["name"] = "app"
        made = composed(written)
        assert made.images == {"app": "app"}
        assert named(made, "nginx")["image"] == "public.ecr.aws/nginx/nginx:1.27"

    def test_edaha_yml_says_which(self) -> None:
        made = composed(replaces={"php": "app"})
        assert named(made, "php")["image"] == DIGEST
        assert named(made, "nginx")["image"] == "public.ecr.aws/nginx/nginx:1.27"

    def test_a_template_says_which(self) -> None:
        written = task()
        written["containerDefinitions"][1]["image"] = DIGEST
        made = composed(written)
        assert made.images == {"php": "app"}
        assert named(made, "nginx")["image"] == "public.ecr.aws/nginx/nginx:1.27"

    def test_with_several_images_nothing_is_guessed(self) -> None:
        made = composed(images={"web": DIGEST, "api": DIGEST.replace("0", "1")})
        assert made.images == {}
        assert named(made, "nginx")["image"] == "public.ecr.aws/nginx/nginx:1.27"


class TestVisitors:
    @pytest.mark.parametrize(
        ("written", "service", "port", "found"),
        [
            # What the load balancer sends visitors to.
            (task(), told(), None, ("nginx", 80)),
            # The only port.
            (container(), told(loadBalancers=[]), None, ("web", 80)),
            # edaha.yml comes first, with the container that maps its port.
            (
                container(portMappings=[{"containerPort": 80}, {"containerPort": 81}]),
                told(loadBalancers=[]),
                81,
                ("web", 81),
            ),
            # UDP is no web server's.
            (
                container(
                    portMappings=[
                        {"containerPort": 53, "protocol": "udp"},
                        {"containerPort": 81, "protocol": "tcp"},
                    ]
                ),
                told(loadBalancers=[]),
                None,
                ("web", 81),
            ),
            # A range is no single port.
            (
                container(portMappings=[{"containerPortRange": "80-90"}]),
                told(loadBalancers=[]),
                None,
                ("web", 0),
            ),
            (container(portMappings=[{"containerPortRange": "80-90"}]), told(), 85, ("web", 85)),
        ],
    )
    def test_they_reach(
        self,
        written: dict[str, Any],
        service: dict[str, Any],
        port: int | None,
        found: tuple[str, int],
    ) -> None:
        made = composed(written, service, port=port)
        assert (made.container, made.port) == found


class TestService:
    def test_productions_visitors_are_not_sent_to_a_preview(self) -> None:
        lattice = [{"roleArn": "r", "targetGroupArn": "t", "portName": "p"}]
        registries = [{"registryArn": "arn:aws:servicediscovery:eu-west-1:1:service/srv-1"}]
        made = composed(
            None, told(vpcLatticeConfigurations=lattice, serviceRegistries=registries, role="x")
        )
        left_out = {
            "loadBalancers",
            "healthCheckGracePeriodSeconds",
            "vpcLatticeConfigurations",
            "serviceRegistries",
            "role",
        }
        assert not left_out & set(made.service)
        assert left_out <= {each.where.removeprefix("service.") for each in made.changes}

    def test_name_cluster_and_count_are_the_previews(self) -> None:
        made = composed(None, told(cluster="production"))
        assert made.service["serviceName"] == "edaha-feature-x-1234567-2-4"
        assert made.service["cluster"] == "previews"
        assert made.service["desiredCount"] == 1
        assert change(made, "service.desiredCount").before == 4

    def test_everything_else_passes_through(self) -> None:
        more: dict[str, Any] = {
            "serviceConnectConfiguration": {"enabled": True, "namespace": "shop"},
            "placementConstraints": [{"type": "distinctInstance"}],
            "availabilityZoneRebalancing": "DISABLED",
            "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 2}],
            "volumeConfigurations": [{"name": "files"}],
        }
        written = told(**more)
        del written["launchType"]
        made = composed(None, written).service
        for key in (*more, "deploymentConfiguration", "enableExecuteCommand", "platformVersion"):
            assert made[key] == written[key]
        assert made["networkConfiguration"] == written["networkConfiguration"]
        assert "launchType" not in made

    def test_the_operators_network_and_placement_are_used_where_the_file_has_none(self) -> None:
        written = told(capacityProviderStrategy=[])
        del written["networkConfiguration"], written["launchType"]
        made = composed(None, written).service
        assert made["launchType"] == "FARGATE"
        assert "capacityProviderStrategy" not in made
        network = made["networkConfiguration"]["awsvpcConfiguration"]
        assert network["subnets"] == ["subnet-1", "subnet-2"]
        assert network["assignPublicIp"] == "DISABLED"

    def test_code_deploy_gives_way_to_ecs(self) -> None:
        made = composed(None, told(deploymentController={"type": "CODE_DEPLOY"}))
        assert made.service["deploymentController"] == {"type": "ECS"}
        assert change(made, "service.deploymentController").before == {"type": "CODE_DEPLOY"}

    def test_nothing_is_left_of_shifting_visitors_between_target_groups(self) -> None:
        shifting = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5, "maximumPercent": 200}
        made = composed(None, told(deploymentConfiguration=shifting))
        assert made.service["deploymentConfiguration"] == {"maximumPercent": 200}
        assert change(made, "service.deploymentConfiguration.strategy").before == "BLUE_GREEN"

    def test_without_a_service_definition_edahas_own_is_used_and_nothing_changed(self) -> None:
        made = compose(
            samples.of_team(),
            samples.PREVIEW,
            samples.PLATFORM,
            samples.IMAGES,
            family="f",
            service_name="s",
            team=samples.Team(container(), None),
        )
        assert made.service["serviceName"] == "s"
        assert not [each for each in made.changes if each.where.startswith("service")]
        assert not samples.refused_by_boto3(made)

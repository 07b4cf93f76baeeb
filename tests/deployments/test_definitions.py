"""What ECS and buildx are told, against AWS's own service models."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from deployments import names
from deployments.adapters.buildx import BuildRequest, build_command, export_cache_command
from deployments.definitions.service import service
from deployments.definitions.task_definition import (
    content_hash,
    log_stream,
    tags,
    task_definition,
)
from deployments.models import Branch, Deployment, Repository
from deployments.models.repository import FARGATE_MEMORY

from . import branch_names
from .models_of_aws import complaints, constraints

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/edaha/shop@sha256:" + "0" * 64
REGISTRY = "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-1"


def deployment(name: str = "feature/x", **settings: Any) -> Deployment:
    repository = Repository(
        pk=1, full_name="acme/shop", clone_url="https://github.com/acme/shop", **settings
    )
    branch = Branch(pk=2, repository=repository, name=name, slug=names.slugify(name))
    return Deployment(pk=3, branch=branch, generation=4, commit="a" * 40, cluster="default")


def definition(**settings: Any) -> dict[str, Any]:
    return task_definition(deployment(**settings), IMAGE, 8000, "eu-west-1")


def of_service(**settings: Any) -> dict[str, Any]:
    return service(deployment(**settings), "arn:aws:ecs:::task-definition/x:1", REGISTRY)


KINDS: list[dict[str, Any]] = [
    {},
    {"launch_type": "EC2"},
    {"launch_type": "", "capacity_providers": ["FARGATE_SPOT", "FARGATE"]},
    {"launch_type": "", "capacity_providers": ["our-hosts"]},
    {"task_role_arn": "arn:aws:iam::1:role/task", "execution_role_arn": "arn:aws:iam::1:role/x"},
    {"platforms": ["linux/arm64"], "environment": {"A": "1", "PORT": "9"}},
    {"assign_public_ip": True, "security_groups": ["sg-1"], "subnets": ["subnet-9"]},
]


class TestService:
    @pytest.mark.parametrize("settings", KINDS, ids=str)
    def test_boto3_would_send_it(self, settings: dict[str, Any]) -> None:
        assert not complaints("ecs", "CreateService", of_service(**settings))

    @given(branch_names.names())
    def test_it_is_named_as_dns_and_cloud_map_allow(self, name: str) -> None:
        request = service(deployment(name), "x:1", REGISTRY)
        assert names.is_label(request["serviceName"])
        assert len(request["clientToken"]) <= 36

    def test_the_longest_token_fits(self) -> None:
        branch = deployment().branch
        branch.pk = 10**12
        made = Deployment(branch=branch, generation=2**31 - 1, cluster="default")
        assert len(service(made, "x:1", REGISTRY)["clientToken"]) <= 36

    def test_it_is_found_by_name_with_an_address_of_its_own(self) -> None:
        assert of_service()["serviceRegistries"] == [{"registryArn": REGISTRY}]

    @pytest.mark.parametrize("settings", KINDS, ids=str)
    def test_launch_type_and_capacity_providers_exclude_each_other(
        self, settings: dict[str, Any]
    ) -> None:
        assert ("launchType" in (made := of_service(**settings))) != (
            "capacityProviderStrategy" in made
        )

    def test_a_public_address_is_for_fargate(self) -> None:
        on_fargate = of_service(assign_public_ip=True)["networkConfiguration"]
        assert on_fargate["awsvpcConfiguration"]["assignPublicIp"] == "ENABLED"
        on_ec2 = of_service(launch_type="EC2")["networkConfiguration"]
        assert "assignPublicIp" not in on_ec2["awsvpcConfiguration"]

    def test_its_failure_is_noticed_and_nothing_rolled_back(self) -> None:
        breaker = of_service()["deploymentConfiguration"]["deploymentCircuitBreaker"]
        assert breaker == {"enable": True, "rollback": False}

    def test_the_repositorys_network_comes_before_the_installations(self) -> None:
        own = of_service(subnets=["subnet-9"])["networkConfiguration"]["awsvpcConfiguration"]
        assert own["subnets"] == ["subnet-9"]
        shared = of_service()["networkConfiguration"]["awsvpcConfiguration"]
        assert shared["subnets"] == ["subnet-1", "subnet-2"]


class TestTaskDefinition:
    @pytest.mark.parametrize("settings", KINDS, ids=str)
    def test_boto3_would_send_it(self, settings: dict[str, Any]) -> None:
        assert not complaints("ecs", "RegisterTaskDefinition", definition(**settings))

    @pytest.mark.parametrize(
        ("settings", "compatible"),
        [
            ({}, "FARGATE"),
            ({"launch_type": "EC2"}, "EC2"),
            ({"launch_type": "", "capacity_providers": ["FARGATE_SPOT"]}, "FARGATE"),
            ({"launch_type": "", "capacity_providers": ["ours"]}, "EC2"),
        ],
        ids=str,
    )
    def test_it_says_where_it_can_run(self, settings: dict[str, Any], compatible: str) -> None:
        assert definition(**settings)["requiresCompatibilities"] == [compatible]

    def test_the_image_is_named_by_its_digest(self) -> None:
        assert definition()["containerDefinitions"][0]["image"] == IMAGE

    @pytest.mark.parametrize(
        ("platforms", "architecture"),
        [
            (["linux/amd64"], "X86_64"),
            (["linux/arm64"], "ARM64"),
            (["linux/arm64", "linux/amd64"], "ARM64"),
        ],
    )
    def test_tasks_run_on_the_first_platform(self, platforms: list[str], architecture: str) -> None:
        made = definition(platforms=platforms)
        assert made["runtimePlatform"]["cpuArchitecture"] == architecture

    def test_a_container_learns_where_it_runs(self) -> None:
        (container,) = definition()["containerDefinitions"]
        told = {entry["name"]: entry["value"] for entry in container["environment"]}
        assert told["PORT"] == "8000"
        assert told["EDAHA_BRANCH"] == "feature/x"
        assert told["EDAHA_COMMIT"] == "a" * 40
        assert told["EDAHA_URL"].startswith("https://feature-x-")

    def test_the_repositorys_own_values_win(self) -> None:
        (container,) = definition(environment={"PORT": "9"})["containerDefinitions"]
        values = [each["value"] for each in container["environment"] if each["name"] == "PORT"]
        assert values == ["9"]

    @given(branch_names.names())
    def test_its_tags_are_what_aws_allows(self, name: str) -> None:
        made = tags(deployment(name))
        assert len(made) <= 50
        for shape, texts in (("TagKey", made.keys()), ("TagValue", made.values())):
            rule = constraints("ecs", shape)
            allowed = rule["pattern"].replace(r"\p{L}\p{Z}\p{N}", r"\w\s")
            assert all(re.fullmatch(allowed, text) for text in texts)
            assert all(rule["min"] <= len(text) <= rule["max"] for text in texts)

    @given(branch_names.names())
    def test_its_log_stream_is_what_the_driver_makes(self, name: str) -> None:
        stream = log_stream(deployment(name), "arn:aws:ecs:eu-west-1:1:task/default/0abc")
        assert stream == f"{names.slugify(name)}/app/0abc"
        rule = constraints("logs", "LogStreamName")
        assert re.fullmatch(rule["pattern"], stream)
        assert len(stream) <= rule["max"]

    def test_what_would_run_the_same_has_the_same_hash(self) -> None:
        one = definition()
        assert content_hash(one) == content_hash(one | {"tags": []})
        assert content_hash(one) == content_hash(dict(reversed(one.items())))
        assert content_hash(one) != content_hash(one | {"cpu": "512"})


class TestRepositorySettings:
    @pytest.mark.parametrize("cpu", FARGATE_MEMORY)
    def test_fargates_sizes_are_taken(self, cpu: int) -> None:
        for memory in FARGATE_MEMORY[cpu]:
            deployment(cpu=cpu, memory=memory).branch.repository.clean()

    @pytest.mark.parametrize(
        ("field", "settings"),
        [
            ("cpu", {"cpu": 100}),
            ("memory", {"cpu": 256, "memory": 4096}),
            ("launch_type", {"launch_type": "EC2", "capacity_providers": ["x"]}),
            ("dockerfile", {"dockerfile": "../Dockerfile"}),
            ("dockerfile", {"dockerfile": "/etc/passwd"}),
            ("dockerfile", {"dockerfile": "--file"}),
            ("context", {"context": "a/../../b"}),
            ("platforms", {"platforms": []}),
            ("platforms", {"platforms": ["windows/amd64"]}),
            ("platforms", {"platforms": "linux/amd64"}),
            ("environment", {"environment": {"A B": "1"}}),
            ("environment", {"environment": {"A": 1}}),
            ("environment", {"environment": ["A"]}),
            ("patterns", {"policy": "patterns"}),
            ("subnets", {"subnets": [1]}),
            ("health_path", {"health_path": "health"}),
            ("health_path", {"health_path": "/a\r\nHost: b"}),
        ],
    )
    def test_what_aws_or_buildx_would_refuse_is_refused_at_once(
        self, field: str, settings: dict[str, Any]
    ) -> None:
        with pytest.raises(ValidationError) as caught:
            deployment(**settings).branch.repository.clean()
        assert set(caught.value.message_dict) == {field}


class TestBuildxCommands:
    request = BuildRequest(
        context=Path("/cache/x/app"),
        dockerfile=Path("/cache/x/Dockerfile"),
        platforms=("linux/amd64", "linux/arm64"),
        target="registry/edaha/shop:x-aaa",
        cache_from=("registry/edaha/shop:cache-x", "registry/edaha/shop:cache-main"),
    )
    COMMON = [
        "docker",
        "buildx",
        "build",
        "--progress=rawjson",
        "--provenance=false",
        "--sbom=false",
        "--file=/cache/x/Dockerfile",
        "--platform=linux/amd64,linux/arm64",
    ]

    def test_a_build_pushes_and_reads_both_caches(self) -> None:
        assert build_command(self.request, Path("/tmp/m")) == [
            *self.COMMON,
            "--cache-from=type=registry,ref=registry/edaha/shop:cache-x",
            "--cache-from=type=registry,ref=registry/edaha/shop:cache-main",
            "--metadata-file=/tmp/m",
            "--output=type=image,name=registry/edaha/shop:x-aaa,push=true,oci-mediatypes=true",
            "/cache/x/app",
        ]

    def test_a_build_without_cache_reads_none(self) -> None:
        anew = BuildRequest(**vars(self.request) | {"no_cache": True})
        command = build_command(anew, Path("/tmp/m"))
        assert {"--no-cache", "--pull"} <= set(command)
        assert not [argument for argument in command if argument.startswith("--cache-from")]

    def test_the_cache_is_written_as_ecr_takes_it(self) -> None:
        command = export_cache_command(self.request, "registry/edaha/shop:cache-x")
        assert command[: len(self.COMMON)] == self.COMMON
        assert (
            "--cache-to=type=registry,ref=registry/edaha/shop:cache-x,mode=max,"
            "image-manifest=true,oci-mediatypes=true" in command
        )
        assert "--output=type=cacheonly" in command

    @given(branch_names.names(), st.sampled_from(["a" * 40, "b" * 64]))
    def test_no_branch_name_becomes_an_option_or_an_attribute(self, name: str, commit: str) -> None:
        target = f"registry/edaha/shop:{names.image_tag(names.slugify(name), commit)}"
        usual = build_command(self.request, Path("m"))
        command = build_command(BuildRequest(**vars(self.request) | {"target": target}), Path("m"))
        (changed,) = set(command) - set(usual)
        assert len(command) == len(usual)
        assert changed.startswith("--output=type=image,name=registry/edaha/shop:")
        assert changed.count(",") == 3

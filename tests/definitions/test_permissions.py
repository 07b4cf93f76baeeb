"""What a repository may do only with an administrator's word."""

import pytest

from . import samples
from .rule_samples import PLAIN, Definition, on_ec2, only, service_on_ec2
from .samples import ALLOWED, container, problems_of, problems_of_team, service, task, told

#: What it is, a task definition on EC2 that has it, the word that allows it.
PRIVILEGES: list[tuple[str, Definition, str]] = [
    ("every privilege", on_ec2(privileged=True), "privileged"),
    (
        "SYS_ADMIN",
        on_ec2(linuxParameters={"capabilities": {"add": ["SYS_ADMIN"]}}),
        "privileged",
    ),
    (
        "devices of its host",
        on_ec2(linuxParameters={"devices": [{"hostPath": "/dev/kvm"}]}),
        "privileged",
    ),
    (
        "apparmor:unconfined",
        on_ec2(dockerSecurityOptions=["no-new-privileges", "apparmor:unconfined"]),
        "privileged",
    ),
    (
        "/var/run/docker.sock",
        on_ec2() | {"volumes": [{"name": "v", "host": {"sourcePath": "/var/run/docker.sock"}}]},
        "host-volumes",
    ),
    (
        "kept on its host",
        on_ec2()
        | {
            "volumes": [
                {
                    "name": "v",
                    "dockerVolumeConfiguration": {
                        "driver": "local",
                        "driverOpts": {"type": "none", "o": "bind", "device": "/"},
                    },
                }
            ]
        },
        "host-volumes",
    ),
    ("host's processes", on_ec2() | {"pidMode": "host"}, "host-namespaces"),
    ("host's shared memory", on_ec2() | {"ipcMode": "host"}, "host-namespaces"),
]


class TestPrivileges:
    @pytest.mark.parametrize(("what", "written", "word"), PRIVILEGES, ids=lambda v: str(v)[:30])
    def test_they_are_refused_unless_allowed(
        self, what: str, written: Definition, word: str
    ) -> None:
        problem = only(problems_of_team(written, service_on_ec2()), what)
        assert problem.hint.endswith(f"bin/manage repository set acme/shop --allow {word}")
        assert problems_of_team(written, service_on_ec2(), allowed=(*ALLOWED, word)) == []

    def test_dropping_capabilities_needs_no_permission(self) -> None:
        dropped = container(linuxParameters={"capabilities": {"drop": ["ALL"]}})
        assert problems_of_team(dropped, PLAIN) == []

    def test_efs_and_volumes_of_the_task_need_none(self) -> None:
        volumes = [{"name": "v", "host": {}}, {"name": "e", "efsVolumeConfiguration": {}}]
        assert problems_of_team(on_ec2() | {"volumes": volumes}, service_on_ec2()) == []


class TestRoles:
    def test_a_task_role_that_nobody_allowed_is_refused_with_the_way_to_allow_it(self) -> None:
        role = "arn:aws:iam::123456789012:role/admin"
        problem = only(problems_of_team(task(taskRoleArn=role)), f"The role {role} is not one")
        assert problem.hint.endswith(f"set acme/shop --allow role:{role}")
        assert problem.line is not None
        assert problems_of_team(task(taskRoleArn=role), allowed=(*ALLOWED, f"role:{role}")) == []

    def test_so_is_an_execution_role(self) -> None:
        only(problems_of_team(task(executionRoleArn="arn:aws:iam::1:role/x")), "The role")

    def test_the_execution_role_is_no_task_role(self) -> None:
        only(problems_of_team(task(taskRoleArn=samples.EXECUTION)), "The role")

    def test_a_name_could_be_any_accounts_role(self) -> None:
        problem = only(problems_of_team(task(taskRoleArn="admin")), "The role admin")
        assert problem.hint == "Write the role's whole ARN."

    def test_the_platforms_own_are_fine(self) -> None:
        given = samples.platform(task_role_arn=samples.TASK)
        assert problems_of_team(allowed=("ssm:*", "file-system:*"), platform=given) == []

    def test_roles_deep_in_a_service_definition_are_seen(self) -> None:
        volume = {"managedEBSVolume": {"roleArn": "arn:aws:iam::1:role/admin"}, "name": "v"}
        found = problems_of_team(None, told(volumeConfigurations=[volume]))
        assert only(found, "arn:aws:iam::1:role/admin").file == "ecs-service-def.json"

    def test_edaha_ymls_own_role_is_told_by_its_line(self) -> None:
        described = service(task_role_arn="arn:aws:iam::1:role/admin")
        lines = {("services", "app"): 3, ("services", "app", "task_role"): 5}
        assert str(problems_of(described, lines=lines)[0]).startswith("edaha.yml:5: The role")


class TestSecrets:
    def test_a_repository_reads_only_what_it_is_allowed_to(self) -> None:
        problem = only(
            problems_of_team(allowed=(ALLOWED[0], ALLOWED[2])), "reads ssm:/shop/db, which this"
        )
        assert problem.hint.endswith("--allow 'ssm:/shop/db'")

    @pytest.mark.parametrize(
        ("settings", "entry"),
        [
            (
                {"repositoryCredentials": {"credentialsParameter": "hub"}},
                "secretsmanager:hub",
            ),
            (
                {
                    "logConfiguration": {
                        "logDriver": "splunk",
                        "secretOptions": [{"name": "splunk-token", "valueFrom": "/token"}],
                    }
                },
                "ssm:/token",
            ),
            (
                {"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::bucket/prod.env"}]},
                "s3:bucket/prod.env",
            ),
        ],
        ids=str,
    )
    def test_however_they_are_read(self, settings: Definition, entry: str) -> None:
        only(problems_of_team(container(**settings), PLAIN), f"reads {entry}, which this")
        allowed = (*ALLOWED, entry)
        assert problems_of_team(container(**settings), PLAIN, allowed=allowed) == []

    def test_somebody_must_read_them_and_write_the_logs(self) -> None:
        nobody = samples.platform(execution_role_arn="")
        without = container() | {"executionRoleArn": ""}
        only(problems_of_team(without, PLAIN, platform=nobody), "writes logs, which takes an")
        on_hosts = without | {"requiresCompatibilities": ["EC2"]}
        assert problems_of_team(on_hosts, service_on_ec2(), platform=nobody) == []
        reads = on_ec2(secrets=[{"name": "A", "valueFrom": "/shop/a"}]) | {"executionRoleArn": ""}
        only(problems_of_team(reads, service_on_ec2(), platform=nobody), "reads secrets, which")

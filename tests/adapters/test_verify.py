"""Verify before deploying: every problem at once, and no failure for want of a permission."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from deployments.adapters import checks
from deployments.adapters import verify as verification
from deployments.adapters.aws import client
from deployments.adapters.iam import trusts_tasks
from deployments.adapters.needs import Asked
from deployments.adapters.verify import verify
from deployments.definitions.preview import Platform
from deployments.definitions.problems import DefinitionError

from .conftest import Aws, Json

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


class Account:
    """Everything that the definitions below ask for."""

    def __init__(self) -> None:
        client("ecs").create_cluster(clusterName="previews", capacityProviders=["FARGATE"])
        ec2 = client("ec2")
        subnet = ec2.describe_subnets()["Subnets"][0]
        self.subnet, self.vpc = subnet["SubnetId"], subnet["VpcId"]
        self.group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        self.role = make_role("runs", _TRUST)
        self.parameter = "/shop/db"
        client("ssm").put_parameter(Name="/shop/db", Value="x", Type="SecureString")
        make_secret = client("secretsmanager").create_secret
        self.secret = make_secret(Name="shop/db", SecretString="{}")["ARN"]
        client("logs").create_log_group(logGroupName="/shop")

    def asked(
        self, service: Json | None = None, container: Json | None = None, **task: Any
    ) -> Asked:
        secrets = [
            {"name": "A", "valueFrom": self.parameter},
            {"name": "B", "valueFrom": f"{self.secret}:key::"},
        ]
        options = {"awslogs-group": "/shop", "awslogs-region": "eu-west-1"}
        own = {
            "name": "php",
            "secrets": secrets,
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        }
        network = {"subnets": [self.subnet], "securityGroups": [self.group]}
        platform = Platform("eu-west-1", "previews", "/edaha/acme/shop", (), ())
        definition = {
            "cpu": "256",
            "executionRoleArn": self.role,
            "containerDefinitions": [own | (container or {})],
            **task,
        }
        told = {
            "cluster": "previews",
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": network},
            **(service or {}),
        }
        return Asked(platform, {"web": (definition, told)}, "edaha.yml")


def make_role(name: str, trust: Json) -> str:
    made = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    return str(made["Role"]["Arn"])


@pytest.fixture
def account(cloud: Aws) -> Account:
    return Account()


def problems(asked: Asked) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        verify(asked)
    assert all(problem.hint for problem in caught.value.problems)
    return [problem.message for problem in caught.value.problems]


def quota(value: float) -> Json:
    return {"Quota": {"Value": value}}


class TestWhatIsThere:
    def test_is_no_problem_and_no_note(self, account: Account) -> None:
        assert verify(account.asked()) == []

    def test_is_not_asked_for_again_within_a_minute(
        self, cloud: Aws, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        verify(account.asked())
        before = len(cloud.calls)
        verify(account.asked())
        assert len(cloud.calls) == before
        aged = {batch: when - 61 for batch, when in verification._passed.items()}
        monkeypatch.setattr(verification, "_passed", aged)
        verify(account.asked())
        assert len(cloud.calls) > before

    def test_no_value_is_read(self, cloud: Aws, account: Account) -> None:
        verify(account.asked())
        names = {name for name, _ in cloud.calls}
        assert not names & {"GetSecretValue", "GetParameter", "GetParameters"}


class TestWhatIsMissing:
    def test_is_told_all_at_once(self, account: Account) -> None:
        account.subnet, account.group = "subnet-0", "sg-0"
        account.role = "arn:aws:iam::123456789012:role/gone"
        account.parameter = "/shop/gone"
        account.secret = account.secret.replace("shop/db", "shop/gone")
        logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/gone"}}
        volumes = [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678"}}]
        found = problems(
            account.asked(
                {"cluster": "gone"},
                {"logConfiguration": logs},
                volumes=volumes,
                taskRoleArn="arn:aws:iam::123456789012:role/gone-too",
            )
        )
        assert sorted(found) == [
            "web/php: There is no SSM parameter /shop/gone.",
            "web/php: There is no log group /gone.",
            f"web/php: There is no secret {account.secret}.",
            "web: The ECS cluster “gone” does not exist.",
            "web: There is no EFS file system fs-12345678.",
            "web: There is no role arn:aws:iam::123456789012:role/gone-too.",
            "web: There is no role arn:aws:iam::123456789012:role/gone.",
            "web: There is no security group sg-0.",
            "web: There is no subnet subnet-0.",
        ]

    def test_is_asked_for_every_time(self, account: Account) -> None:
        account.role = "arn:aws:iam::123456789012:role/later"
        problems(account.asked())
        make_role("later", _TRUST)
        assert verify(account.asked()) == []

    def test_is_told_of_the_file_that_names_it(self, account: Account) -> None:
        with pytest.raises(DefinitionError) as caught:
            verify(account.asked({"cluster": "gone"}))
        assert caught.value.problems[0].file == "edaha.yml"

    def test_no_subnets_at_all(self, account: Account) -> None:
        service: Json = {"networkConfiguration": {"awsvpcConfiguration": {"subnets": []}}}
        assert problems(account.asked(service)) == ["web: No subnets are set."]


class TestClusters:
    def test_a_capacity_provider_must_be_associated(self, account: Account) -> None:
        # FARGATE and FARGATE_SPOT, too, though AWS makes them:
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
        service = {
            "launchType": "",
            "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}],
        }
        [message] = problems(account.asked(service))
        assert message == (
            "web: The cluster previews has no capacity provider FARGATE_SPOT; it has FARGATE."
        )

    def test_a_cluster_that_is_deleted_is_none(self, cloud: Aws, account: Account) -> None:
        cluster = {"clusterName": "previews", "status": "INACTIVE"}
        cloud.answers("DescribeClusters", {"clusters": [cluster]})
        assert problems(account.asked()) == ["web: The ECS cluster “previews” does not exist."]

    @pytest.mark.parametrize(("active", "asked"), [(4499, False), (4500, True)])
    def test_the_quota_is_asked_for_only_near_it(
        self, cloud: Aws, account: Account, active: int, asked: bool
    ) -> None:
        cloud.answers("GetServiceQuota", quota(10000))
        self.cluster_with(cloud, active)
        assert verify(account.asked()) == []
        codes = {given["QuotaCode"] for name, given in cloud.calls if name == "GetServiceQuota"}
        assert ("L-9EF96962" in codes) is asked

    def test_a_full_cluster_is_a_problem_and_a_nearly_full_one_a_note(
        self, cloud: Aws, account: Account
    ) -> None:
        cloud.answers("GetServiceQuota", quota(5000))
        self.cluster_with(cloud, 5000)
        full = "web: The cluster previews has 5,000 services, and may have 5,000."
        assert problems(account.asked()) == [full]
        self.cluster_with(cloud, 4999)
        assert verify(account.asked()) == [full.replace("5,000 services", "4,999 services")]

    def cluster_with(self, cloud: Aws, active: int) -> None:
        cluster = {"clusterName": "previews", "status": "ACTIVE", "activeServicesCount": active}
        cloud.answers("DescribeClusters", {"clusters": [cluster]})

    def test_no_machine_is_worth_knowing(self, account: Account) -> None:
        [note] = verify(account.asked({"launchType": "EC2"}))
        assert note == "web: The cluster previews has no EC2 instance to run tasks on."


class TestNetworks:
    def test_all_of_it_is_in_one_vpc(self, account: Account) -> None:
        ec2 = client("ec2")
        other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        account.group = ec2.create_security_group(GroupName="there", Description="x", VpcId=other)[
            "GroupId"
        ]
        [message] = problems(account.asked())
        assert "Subnets and security groups are of different VPCs" in message
        assert other in message
        assert account.vpc in message


def trust(**fields: Any) -> Json:
    return {"Statement": [_TRUST["Statement"][0] | fields]}  # type: ignore[operator]


class TestRoles:
    def test_tasks_must_be_able_to_assume_it(self, account: Account) -> None:
        account.role = make_role("lambda", trust(Principal={"Service": "lambda.amazonaws.com"}))
        assert problems(account.asked()) == [f"web: Tasks cannot assume the role {account.role}."]

    def test_another_accounts_role_of_the_same_name_is_none(self, account: Account) -> None:
        account.role = account.role.replace("123456789012", "999999999999")
        assert problems(account.asked()) == [f"web: There is no role {account.role}."]

    def test_a_path_belongs_to_the_role(self, account: Account) -> None:
        made = client("iam").create_role(
            RoleName="deep", Path="/team/", AssumeRolePolicyDocument=json.dumps(_TRUST)
        )
        account.role = made["Role"]["Arn"]
        assert ":role/team/deep" in account.role
        assert verify(account.asked()) == []

    def test_a_short_name_is_one_of_this_account(self, account: Account) -> None:
        # RegisterTaskDefinition takes "the short name or full ARN": botocore's model.
        account.role = "runs"
        assert verify(account.asked()) == []

    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            (trust(), True),
            (trust(Principal={"Service": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]}), True),
            (trust(Action=["sts:TagSession", "sts:assumeRole"]), True),
            (trust(Condition={"ArnLike": {"aws:SourceArn": "arn:*"}}), True),
            (trust(Principal="*"), True),
            ({"Statement": _TRUST["Statement"][0]}, True),
            (trust(Effect="Deny"), False),
            (trust(Principal={"Service": "ecs.amazonaws.com"}), False),
            (trust(Principal={"AWS": "arn:aws:iam::1:root"}), False),
            (trust(Action="sts:TagSession"), False),
            ({}, False),
        ],
    )
    def test_a_trust_policy_is_read_as_iam_writes_it(self, policy: Json, expected: bool) -> None:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
        assert trusts_tasks(policy) is expected


class TestSecretsAndLogs:
    def test_a_secret_on_its_way_out_is_a_problem(self, account: Account) -> None:
        client("secretsmanager").delete_secret(SecretId="shop/db")
        assert problems(account.asked()) == [
            "web/php: The secret shop/db is scheduled for deletion."
        ]

    def test_a_group_that_only_begins_alike_is_another(self, account: Account) -> None:
        logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/sho"}}
        found = problems(account.asked(container={"logConfiguration": logs}))
        assert found == ["web/php: There is no log group /sho."]

    def test_many_parameters_are_asked_for_fifty_at_a_time(
        self, cloud: Aws, account: Account
    ) -> None:
        # ParametersFilterValueList in botocore's model of SSM: at most 50.
        secrets = [{"name": f"N{n}", "valueFrom": f"/shop/{n}"} for n in range(70)]
        assert len(problems(account.asked(container={"secrets": secrets}))) == 70
        filters = [
            given["ParameterFilters"][0]
            for name, given in cloud.calls
            if name == "DescribeParameters"
        ]
        assert [len(each["Values"]) for each in filters] == [50, 20]


class TestFileSystems:
    def test_one_without_a_mount_target_cannot_be_mounted(self, account: Account) -> None:
        made = client("efs").create_file_system(CreationToken="x")
        volumes = [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": made["FileSystemId"]}}]
        [message] = problems(account.asked(volumes=volumes))
        assert message.endswith("cannot be mounted.")
        client("efs").create_mount_target(
            FileSystemId=made["FileSystemId"], SubnetId=account.subnet
        )
        assert verify(account.asked(volumes=volumes)) == []


class TestVcpus:
    @pytest.mark.parametrize(("value", "is_enough"), [(0, False), (0.1, False), (0.25, True)])
    def test_even_one_task_needs_its_vcpus(
        self, cloud: Aws, account: Account, value: float, is_enough: bool
    ) -> None:
        cloud.answers("GetServiceQuota", quota(value))
        if is_enough:
            assert verify(account.asked()) == []
        else:
            said = f"web: A task takes 0.25 vCPU, and the account may have {value:g} on FARGATE."
            assert problems(account.asked()) == [said]
        asked = {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}
        assert cloud.asked("GetServiceQuota") == asked

    def test_an_account_without_a_value_of_its_own_has_awss(
        self, cloud: Aws, account: Account
    ) -> None:
        cloud.refuses("GetServiceQuota", "NoSuchResourceException")
        assert verify(account.asked()) == []

    def test_a_place_without_quotas_goes_unmentioned(self, cloud: Aws, account: Account) -> None:
        cloud.refuses("GetServiceQuota", "400", "Unsupported service")
        assert verify(account.asked()) == []


_CALLS = [
    ("DescribeClusters", "Not checked: the cluster previews."),
    ("DescribeSubnets", "Not checked: the subnets subnet-"),
    ("GetRole", "Not checked: the role arn:aws:iam::"),
    ("DescribeParameters", "Not checked: SSM parameters /shop/db."),
    ("DescribeSecret", "Not checked: the secret arn:aws:secretsmanager:"),
    ("DescribeLogGroups", "Not checked: the log group /shop."),
    ("GetServiceQuota", "Not checked: the vCPU quota of FARGATE."),
]


class TestWhatCannotBeChecked:
    @pytest.mark.parametrize(("call", "said"), _CALLS)
    def test_a_missing_permission_is_a_note(
        self, cloud: Aws, account: Account, call: str, said: str
    ) -> None:
        cloud.refuses(call, "AccessDeniedException", "is not authorized")
        [note] = verify(account.asked())
        assert said in note
        assert "is not authorized" in note

    def test_it_hides_no_problem(self, cloud: Aws, account: Account) -> None:
        cloud.refuses("GetRole", "AccessDenied")
        assert problems(account.asked({"cluster": "gone"})) == [
            "web: The ECS cluster “gone” does not exist."
        ]

    def test_it_is_tried_again_next_time(self, cloud: Aws, account: Account) -> None:
        cloud.refuses("GetRole", "AccessDenied")
        for _ in range(2):
            assert len(verify(account.asked())) == 1
        assert cloud.count("GetRole") == 2

    def test_nobody_waits_for_an_aws_that_does_not_answer(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        let_go = threading.Event()
        slow: Callable[..., Any] = lambda needs: iter([let_go.wait(10)])  # noqa: E731
        monkeypatch.setattr(verification, "_PATIENCE_SECONDS", 2)
        monkeypatch.setitem(checks.CHECKS, "role", slow)
        [note] = verify(account.asked())
        let_go.set()
        assert note.endswith("AWS took too long.")


def test_two_services_of_one_cluster_are_counted_together(cloud: Aws, account: Account) -> None:
    cluster = {"clusterName": "previews", "status": "ACTIVE", "activeServicesCount": 4999}
    cloud.answers("DescribeClusters", {"clusters": [cluster]})
    cloud.answers("GetServiceQuota", quota(5000))
    asked = account.asked()
    both = {"web": asked.definitions["web"], "api": asked.definitions["web"]}
    assert problems(replace(asked, definitions=both)) == [
        "web, api: The cluster previews has 4,999 services, and may have 5,000."
    ]

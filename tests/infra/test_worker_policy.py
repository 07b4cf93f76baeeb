"""The policy grants what the adapters call, and nothing else."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from deployments.adapters import readable
from tests.infra.reach import calls_from

ROOT = Path(__file__).resolve().parents[2]
CONTROL, BUILD = "worker-policy.json", "build-worker-policy.json"
POLICIES = (CONTROL, BUILD)

_PIPELINE = "deployments.pipeline"
#: What the tasks of each queue begin with: deployments/tasks.py, dashboard/celery.py.
ENTRIES = {
    BUILD: [(f"{_PIPELINE}.build", "build"), (f"{_PIPELINE}.tidy", "tidy")],
    CONTROL: [
        ("deployments.deliveries", "decide_pending"),
        (f"{_PIPELINE}.release", "release"),
        (f"{_PIPELINE}.verify", "watch"),
        (f"{_PIPELINE}.clean", "clean"),
        (f"{_PIPELINE}.clean", "destroy"),
        (f"{_PIPELINE}.picture", "take"),
        ("deployments.reconcile", "tick"),
        ("deployments.reconcile", "reconcile"),
        ("deployments.reconcile", "carry_out"),
        ("deployments.reconcile", "poll"),
        ("deployments.outbox", "deliver"),
        ("deployments.subscribers", "deliver"),
    ],
}

#: Granted, though no adapter calls it: what AWS asks for as well.
_IMPLIED = {
    "ecs:TagResource": "CreateService, RegisterTaskDefinition and RunTask with tags",
    "servicediscovery:TagResource": "CreateService with tags",
    "ecr:TagResource": "CreateRepository with tags",
    "ssm:AddTagsToResource": "PutParameter with tags",
    "iam:PassRole": "RegisterTaskDefinition with roles",
    "route53:ChangeResourceRecordSets": "DeregisterInstance in a DNS namespace",
    "ecr:BatchCheckLayerAvailability": "buildx pushes",
    "ecr:CompleteLayerUpload": "buildx pushes",
    "ecr:InitiateLayerUpload": "buildx pushes",
    "ecr:PutImage": "buildx pushes",
    "ecr:UploadLayerPart": "buildx pushes",
    "ecr:GetDownloadUrlForLayer": "buildx reads the cache",
}

#: Called, though not granted: the operator grants it for the very objects that are meant.
_GRANTED_BY_HAND = {"s3:GetObject": "no tag of an object outlives Terraform's next write"}

#: They tell nothing but names and whether something is there. A condition would not do: AWS
#: refuses what does not exist, since that has no tag, instead of saying that it does not exist.
_NO_VALUES = {"elasticfilesystem:DescribeFileSystems", "secretsmanager:DescribeSecret"}

#: IAM knows no resource for these.
_WITHOUT_RESOURCE = {
    "cloudformation:ListExports",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ecr:GetAuthorizationToken",
    "ecs:DeregisterTaskDefinition",
    "ecs:DescribeTaskDefinition",
    "ecs:ListServices",
    "ecs:ListTaskDefinitionFamilies",
    "ecs:ListTaskDefinitions",
    "servicediscovery:ListNamespaces",
    "servicediscovery:ListServices",
    "servicediscovery:ListTagsForResource",
    "servicequotas:GetServiceQuota",
    "ssm:DescribeParameters",
}


def as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def statements(policy: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((ROOT / "infra" / policy).read_text())["Statement"]
    return found


def granted(policy: str) -> set[str]:
    return {action for each in statements(policy) for action in as_list(each["Action"])}


def reached(policy: str) -> set[str]:
    """What the tasks of a worker's queue can come to call."""
    return calls_from(*ENTRIES[policy])


def test_every_task_of_the_queues_is_an_entry() -> None:
    tree = ast.parse((ROOT / "deployments/tasks.py").read_text())
    domain = {
        "deliveries",
        "outbox",
        "reconcile",
        "subscribers",
        "_build",
        "_clean",
        "_picture",
        "_release",
        "_tidy",
    }
    begun = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in domain | {"_verify"}
    }
    assert begun == {name for entries in ENTRIES.values() for _, name in entries}


def test_the_walk_finds_calls_of_every_kind() -> None:
    control, build = reached(CONTROL), reached(BUILD)
    assert {"ecs:CreateService", "ecs:ListTasks", "servicediscovery:ListInstances"} <= control
    assert {"logs:GetLogEvents", "ecs:RunTask", "ecr:BatchDeleteImage"} <= control
    assert {"ec2:DescribeSubnets", "elasticfilesystem:DescribeFileSystems"} <= build
    assert {"servicequotas:GetServiceQuota", "ecr:CreateRepository"} <= build


@pytest.mark.parametrize("policy", POLICIES)
def test_every_call_is_granted(policy: str) -> None:
    assert reached(policy) - granted(policy) <= set(_GRANTED_BY_HAND)


@pytest.mark.parametrize("policy", POLICIES)
def test_nothing_else_is_granted(policy: str) -> None:
    assert granted(policy) - reached(policy) <= set(_IMPLIED)


def test_builds_run_apart_from_what_deploys() -> None:
    deploying = {action for action in granted(CONTROL) if action.startswith("servicediscovery:")}
    deploying |= {"ecs:CreateService", "ecs:RegisterTaskDefinition", "ecs:RunTask", "iam:PassRole"}
    assert not granted(BUILD) & deploying
    # And who deploys pushes no image.
    assert not granted(CONTROL) & {"ecr:PutImage", "ecr:GetAuthorizationToken"}


STATEMENTS = [each for policy in POLICIES for each in statements(policy)]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda each: str(each["Sid"]))
def test_each_statement_is_as_narrow_as_iam_allows(statement: dict[str, Any]) -> None:
    actions, resources = as_list(statement["Action"]), as_list(statement["Resource"])
    assert statement["Effect"] == "Allow"
    assert all("*" not in action for action in actions)
    if resources == ["*"]:
        assert "Condition" in statement or set(actions) <= _WITHOUT_RESOURCE
    for resource in resources:
        is_ours = "${Installation}" in resource or "${Cluster}" in resource
        # DescribeLogGroups takes no narrower one.
        is_one = resource.endswith(":log-group:*") or resource.endswith(
            ("Arn}", "${Namespace}", "${Namespace.HostedZoneId}")
        )
        is_harmless = set(actions) <= _NO_VALUES
        assert resource == "*" or is_ours or is_one or is_harmless or "Condition" in statement


def test_only_two_roles_can_be_passed_and_only_to_tasks() -> None:
    passing = [s for s in STATEMENTS if "iam:PassRole" in as_list(s["Action"])]
    assert len(passing) == 1
    assert passing[0]["Resource"] == ["${ExecutionRole.Arn}", "${TaskRole.Arn}"]
    assert passing[0]["Condition"] == {
        "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    }


def test_values_are_read_only_of_what_is_tagged_for_it() -> None:
    reading = {"ssm:GetParameter", "secretsmanager:GetSecretValue", "cloudformation:DescribeStacks"}
    found = [s for s in STATEMENTS if reading & set(as_list(s["Action"]))]
    assert len(found) == 2
    for statement in found:
        assert set(as_list(statement["Action"])) <= reading
        assert statement["Condition"] == {
            "StringEquals": {f"aws:ResourceTag/{readable.TAG}": "${Installation}"}
        }


def test_tasks_are_run_and_stopped_only_where_previews_run() -> None:
    by_action = {as_list(each["Action"])[0]: each for each in STATEMENTS}
    cluster = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/${Cluster}"
    assert by_action["ecs:RunTask"]["Condition"] == {"ArnEquals": {"ecs:cluster": cluster}}
    assert by_action["ecs:RunTask"]["Resource"].endswith(":task-definition/${Installation}-*")
    assert by_action["ecs:StopTask"]["Resource"].endswith(":task/${Cluster}/*")
    assert by_action["ecs:StopTask"]["Condition"] == {
        "StringEquals": {"aws:ResourceTag/edaha:installation": "${Installation}"}
    }


@pytest.mark.parametrize("policy", POLICIES)
def test_it_fits_into_a_managed_policy(policy: str) -> None:
    # 6,144 characters, white space apart, once the places are filled in:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    text = json.dumps(statements(policy), separators=(",", ":"))
    longest = {
        "${AWS::Partition}": "aws-us-gov",
        "${AWS::Region}": "ap-southeast-1",
        "${AWS::AccountId}": "1" * 12,
        "${Installation}": "i" * 10,
        "${Cluster}": "c" * 10,
        "${Namespace}": "ns-" + "n" * 17,
        "${Namespace.HostedZoneId}": "Z" * 21,
        "${ExecutionRole.Arn}": "arn:aws-us-gov:iam::111111111111:role/" + "r" * 64,
        "${TaskRole.Arn}": "arn:aws-us-gov:iam::111111111111:role/" + "r" * 64,
    }
    for place, value in longest.items():
        text = text.replace(place, value)
    assert "${" not in text
    assert len(text) <= 6144

"""The policy grants what the adapters call, and nothing else."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from deployments.adapters import readable

ROOT = Path(__file__).resolve().parents[2]
ADAPTERS = ROOT / "deployments/adapters"
POLICY: dict[str, Any] = json.loads((ROOT / "infra/worker-policy.json").read_text())

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


def granted() -> set[str]:
    return {action for each in POLICY["Statement"] for action in as_list(each["Action"])}


def calls(module: Path) -> Iterator[str]:
    """`service:Operation` of every call on a boto3 client, or on one of its paginators."""
    nodes = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]
    for service in {text for node in nodes for text in _arguments(node, "client")}:
        make: Any = boto3.client  # its overloads ask for a literal name
        meta = make(service, region_name="eu-west-1").meta
        # What a call is signed for is what IAM calls the service: efs is elasticfilesystem.
        prefix, operations = meta.service_model.signing_name, meta.method_to_api_mapping
        names = [node.func.attr for node in nodes if isinstance(node.func, ast.Attribute)]
        names += [text for node in nodes for text in _arguments(node, "get_paginator")]
        yield from (f"{prefix}:{operations[name]}" for name in names if name in operations)


def _arguments(node: ast.Call, function: str) -> list[str]:
    """The text given to a call of `function`, plain or as a method."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    first = node.args[0] if node.args else None
    if name == function and isinstance(first, ast.Constant) and isinstance(first.value, str):
        return [first.value]
    return []


def called() -> set[str]:
    return {call for module in ADAPTERS.glob("*.py") for call in calls(module)}


def test_the_walk_finds_calls_of_every_kind() -> None:
    found = called()
    assert {"ecs:CreateService", "ecs:ListTasks", "ec2:DescribeSubnets"} <= found
    assert {"servicediscovery:ListInstances", "logs:GetLogEvents"} <= found
    assert {"elasticfilesystem:DescribeFileSystems", "servicequotas:GetServiceQuota"} <= found


def test_every_call_is_granted() -> None:
    assert called() - granted() == set(_GRANTED_BY_HAND)


def test_nothing_else_is_granted() -> None:
    assert granted() - called() == set(_IMPLIED)


@pytest.mark.parametrize("statement", POLICY["Statement"], ids=lambda each: str(each["Sid"]))
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
    passing = [s for s in POLICY["Statement"] if "iam:PassRole" in as_list(s["Action"])]
    assert len(passing) == 1
    assert passing[0]["Resource"] == ["${ExecutionRole.Arn}", "${TaskRole.Arn}"]
    assert passing[0]["Condition"] == {
        "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    }


def test_values_are_read_only_of_what_is_tagged_for_it() -> None:
    reading = {"ssm:GetParameter", "secretsmanager:GetSecretValue", "cloudformation:DescribeStacks"}
    statements = [s for s in POLICY["Statement"] if reading & set(as_list(s["Action"]))]
    assert len(statements) == 1
    assert set(as_list(statements[0]["Action"])) == reading
    assert statements[0]["Condition"] == {
        "StringEquals": {f"aws:ResourceTag/{readable.TAG}": "${Installation}"}
    }


def test_tasks_are_run_and_stopped_only_where_previews_run() -> None:
    by_action = {as_list(each["Action"])[0]: each for each in POLICY["Statement"]}
    cluster = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/${Cluster}"
    assert by_action["ecs:RunTask"]["Condition"] == {"ArnEquals": {"ecs:cluster": cluster}}
    assert by_action["ecs:RunTask"]["Resource"].endswith(":task-definition/${Installation}-*")
    assert by_action["ecs:StopTask"]["Resource"].endswith(":task/${Cluster}/*")
    assert by_action["ecs:StopTask"]["Condition"] == {
        "StringEquals": {"aws:ResourceTag/edaha:installation": "${Installation}"}
    }


def test_it_fits_into_a_managed_policy() -> None:
    # 6,144 characters, white space apart, once the places are filled in:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    text = json.dumps(POLICY, separators=(",", ":"))
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

"""The part of an AWS account that a platform team sets up before Edaha comes.

Made in the emulator by AWS's own API; every step leaves alone what is there already.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from sandbox.instance import Instance

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_servicediscovery import ServiceDiscoveryClient

CLUSTER = "edaha"
CAPACITY_PROVIDERS = ("FARGATE", "FARGATE_SPOT")
NAMESPACE = "edaha.internal"
EXECUTION_ROLE = "edaha-task-execution"
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}  # nosec B105 (of an emulator)


@dataclass(frozen=True)
class Cloud:
    """What Edaha has to be told about the account."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    execution_role: str  # ARN


def prepare(instance: Instance) -> Cloud:
    """Sets up cluster, network, namespace and role where they are missing."""
    session = boto3.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    config = Config(connect_timeout=2, read_timeout=20)

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=instance.aws_url, config=config)  # type: ignore[call-overload]

    _make_cluster(client("ecs"))
    network = client("ec2")
    vpc = network.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]
    _make_namespace(client("servicediscovery"), vpc["VpcId"])
    return Cloud(
        subnets=_subnets(network, vpc["VpcId"]),
        security_groups=_security_groups(network, vpc["VpcId"]),
        execution_role=_make_role(client("iam")),
    )


def _make_cluster(ecs: Any) -> None:
    cluster = ecs.create_cluster(clusterName=CLUSTER)["cluster"]
    associated = cluster.get("capacityProviders", [])
    missing = [each for each in CAPACITY_PROVIDERS if each not in associated]
    if missing:
        ecs.put_cluster_capacity_providers(
            cluster=CLUSTER,
            capacityProviders=[*associated, *missing],
            defaultCapacityProviderStrategy=cluster.get("defaultCapacityProviderStrategy", []),
        )


def _make_namespace(cloud_map: "ServiceDiscoveryClient", vpc: str) -> None:
    for page in cloud_map.get_paginator("list_namespaces").paginate():
        if any(one["Name"] == NAMESPACE for one in page["Namespaces"]):
            return
    cloud_map.create_private_dns_namespace(Name=NAMESPACE, Vpc=vpc)


def _subnets(network: "EC2Client", vpc: str) -> tuple[str, ...]:
    found = network.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    return tuple(sorted(one["SubnetId"] for one in found))


def _security_groups(network: "EC2Client", vpc: str) -> tuple[str, ...]:
    found = network.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    )
    return tuple(one["GroupId"] for one in found["SecurityGroups"])


def _make_role(iam: Any) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            }
        ],
    }
    try:
        role = iam.get_role(RoleName=EXECUTION_ROLE)
    except iam.exceptions.NoSuchEntityException:
        role = iam.create_role(RoleName=EXECUTION_ROLE, AssumeRolePolicyDocument=json.dumps(trust))
        iam.attach_role_policy(
            RoleName=EXECUTION_ROLE,
            PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        )
    return str(role["Role"]["Arn"])

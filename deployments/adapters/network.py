"""Amazon VPC: whether the network that a task is to run in exists."""

from typing import TYPE_CHECKING

from .aws import client, told_as

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


def check_network(subnets: list[str], security_groups: list[str]) -> None:
    """Raise UserError, with AWS's own words, for a subnet or security group that is missing."""
    ec2: EC2Client = client("ec2")
    if subnets:
        with told_as(f"use the subnets {', '.join(subnets)}"):
            ec2.describe_subnets(SubnetIds=subnets)
    if security_groups:
        with told_as(f"use the security groups {', '.join(security_groups)}"):
            ec2.describe_security_groups(GroupIds=security_groups)

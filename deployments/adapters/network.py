"""Amazon VPC: whether the network that a task is to run in exists."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .aws import client, told_as

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


def problems(subnets: Sequence[str], security_groups: Sequence[str]) -> Iterator[str]:
    """Everything that keeps a task from running in these, in words."""
    # Filters, unlike ids, are no error where nothing fits: so all that is missing is told.
    with told_as("look at the subnets"):
        answer = _ec2().describe_subnets(Filters=[{"Name": "subnet-id", "Values": list(subnets)}])
    places = {each["SubnetId"]: each["VpcId"] for each in answer["Subnets"]}
    yield from (f"There is no subnet {each}." for each in subnets if each not in places)
    group_places = {}
    if security_groups:
        with told_as("look at the security groups"):
            groups = _ec2().describe_security_groups(
                Filters=[{"Name": "group-id", "Values": list(security_groups)}]
            )
        group_places = {each["GroupId"]: each["VpcId"] for each in groups["SecurityGroups"]}
    missing = [each for each in security_groups if each not in group_places]
    yield from (f"There is no security group {each}." for each in missing)
    # ECS takes subnets and security groups of a single VPC:
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
    networks = {places[each] for each in subnets if each in places}
    networks |= {group_places[each] for each in security_groups if each in group_places}
    if len(networks) > 1:
        yield f"Subnets and security groups are of different VPCs: {', '.join(sorted(networks))}."


def _ec2() -> "EC2Client":
    ec2: EC2Client = client("ec2")
    return ec2

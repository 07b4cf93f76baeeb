"""What CloudFormation's stacks put out."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ..errors import UserError
from .aws import client, code_of, told_as
from .readable import if_denied

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


def read_output(stack: str, key: str) -> str:
    """An output of a stack. Raises UserError where there is no such stack or output."""
    with told_as(f"read the stack {stack}", if_denied=if_denied("cfn", stack)):
        try:
            found = _cloudformation().describe_stacks(StackName=stack)["Stacks"]
        except ClientError as problem:
            # CloudFormation has no code of its own for this:
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
            if code_of(problem) != "ValidationError" or "does not exist" not in str(problem):
                raise
            found = []
    if not found:
        raise UserError(
            f"There is no stack {stack}.",
            hint="Create it in the region that Edaha runs in, or correct the name.",
        )
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found[0].get("Outputs", ())}
    if key not in outputs:
        has = ", ".join(sorted(outputs)) or "none"
        raise UserError(f"The stack {stack} has no output {key}.", hint=f"Its outputs: {has}.")
    return outputs[key]


def read_export(name: str) -> str:
    """What some stack exports under `name`. Raises UserError where none does."""
    with told_as(f"look for the export {name}"):
        for page in _cloudformation().get_paginator("list_exports").paginate():
            for each in page["Exports"]:
                if each["Name"] == name:
                    return each["Value"]
    raise UserError(
        f"No CloudFormation stack exports {name}.",
        hint="Export it in the region that Edaha runs in, or correct the name.",
    )


def _cloudformation() -> "CloudFormationClient":
    cloudformation: CloudFormationClient = client("cloudformation")
    return cloudformation

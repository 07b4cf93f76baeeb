"""Parameters of SSM, the Systems Manager."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ..causes import Cause
from ..errors import UserError
from .aws import client, code_of, told_as
from .readable import if_denied

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

#: ParametersFilterValueList in botocore's model of SSM.
_NAMES_A_CALL = 50
_DELETED_A_CALL = 10
_MISSING = {"ParameterNotFound", "ParameterVersionNotFound"}


def read_parameter(name: str, index: int | None = None) -> str:
    """A parameter's value, decrypted; of a StringList, the element at `index` (from 0).

    Raises UserError where there is none, and where `index` and the type do not go together:
    https://github.com/fujiwara/ssm-lookup/blob/v0.1.0/ssm/lookup_test.go
    """
    with told_as(f"read the SSM parameter {name}", if_denied=if_denied("ssm", name)):
        try:
            found = _ssm().get_parameter(Name=name, WithDecryption=True)["Parameter"]
        except ClientError as problem:
            if code_of(problem) not in _MISSING:
                raise
            raise UserError(
                f"There is no SSM parameter {name}.",
                hint="Create it in the region that Edaha runs in, or correct the name.",
                cause=Cause.MISSING_SECRET,
            ) from None
    value = found["Value"]
    if found["Type"] != "StringList":
        if index is not None:
            raise UserError(f"The SSM parameter {name} is a {found['Type']}: leave the index out.")
        return value
    return _element(name, value.split(","), index)


def missing_parameters(names: Sequence[str]) -> set[str]:
    """Those of `names` that are no parameters. Reads no value."""
    found = set()
    with told_as("look for SSM parameters"):
        for start in range(0, len(names), _NAMES_A_CALL):
            part = list(names[start : start + _NAMES_A_CALL])
            pages = (
                _ssm()
                .get_paginator("describe_parameters")
                .paginate(ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": part}])
            )
            found |= {each["Name"] for page in pages for each in page["Parameters"]}
    return set(names) - found


def put_secret(name: str, value: str, tags: Mapping[str, str]) -> None:
    """Make a SecureString; one of that name is left as it is, since an earlier try made it."""
    with told_as(f"put the SSM parameter {name}"):
        try:
            _ssm().put_parameter(
                Name=name,
                Value=value,
                Type="SecureString",
                Tags=[{"Key": key, "Value": text} for key, text in tags.items()],
            )
        except ClientError as problem:
            if code_of(problem) != "ParameterAlreadyExists":
                raise


def names_below(path: str) -> list[str]:
    """Names of all parameters below a path. Reads no value."""
    with told_as(f"look for SSM parameters below {path}"):
        pages = (
            _ssm()
            .get_paginator("describe_parameters")
            .paginate(ParameterFilters=[{"Key": "Path", "Option": "Recursive", "Values": [path]}])
        )
        return [each["Name"] for page in pages for each in page["Parameters"]]


def tags_of(name: str) -> dict[str, str]:
    """A parameter's tags; none where there is no such parameter."""
    with told_as(f"look at the SSM parameter {name}"):
        try:
            answer = _ssm().list_tags_for_resource(ResourceType="Parameter", ResourceId=name)
        except ClientError as problem:
            if code_of(problem) != "InvalidResourceId":
                raise
            return {}
    return {tag["Key"]: tag["Value"] for tag in answer["TagList"]}


def delete_parameters(names: Sequence[str]) -> None:
    """Those that are gone already are none the worse."""
    with told_as("delete SSM parameters"):
        for start in range(0, len(names), _DELETED_A_CALL):
            _ssm().delete_parameters(Names=list(names[start : start + _DELETED_A_CALL]))


def _element(name: str, elements: list[str], index: int | None) -> str:
    if index is None:
        raise UserError(
            f"The SSM parameter {name} is a StringList: say which element.",
            hint=f'{{{{ ssm "{name}" 0 }}}} is the first.',
        )
    if not 0 <= index < len(elements):
        raise UserError(
            f"The SSM parameter {name} has {len(elements)} elements: there is no element {index}."
        )
    return elements[index]


def _ssm() -> "SSMClient":
    ssm: SSMClient = client("ssm")
    return ssm

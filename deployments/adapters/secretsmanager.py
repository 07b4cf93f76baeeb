"""Secrets of AWS Secrets Manager."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from botocore.exceptions import ClientError

from ..causes import Cause
from ..errors import UserError
from .aws import client, code_of, told_as
from .readable import if_denied

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_MISSING = "ResourceNotFoundException"
#: What GetSecretValue says of a secret that is scheduled for deletion:
#: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
_UNUSABLE = "InvalidRequestException"


@dataclass(frozen=True)
class Secret:
    """What a secret is called; never its value."""

    arn: str
    name: str
    #: Scheduled for deletion: nobody can read it any more.
    is_deleted: bool


def find_secret(name_or_arn: str) -> Secret | None:
    """A secret's names; None where there is none. Reads no value."""
    with told_as(f"look for the secret {name_or_arn}"):
        try:
            found = _secrets().describe_secret(SecretId=name_or_arn)
        except ClientError as problem:
            if code_of(problem) == _MISSING:
                return None
            raise
    return Secret(found["ARN"], found["Name"], "DeletedDate" in found)


def secret(name_or_arn: str) -> Secret:
    """A secret's names. Raises UserError where there is none that can be used."""
    found = find_secret(name_or_arn)
    if found is None or found.is_deleted:
        raise _unusable(name_or_arn)
    return found


def read_secret_value(name_or_arn: str, key: str = "") -> bytes:
    """A secret's value; with `key`, that value of the JSON object which the secret is.

    Raises UserError where there is none. No message has any of the value in it.
    """
    doing = f"read the secret {name_or_arn}"
    with told_as(doing, if_denied=if_denied("secretsmanager", name_or_arn)):
        try:
            found = _secrets().get_secret_value(SecretId=name_or_arn)
        except ClientError as problem:
            if code_of(problem) in {_MISSING, _UNUSABLE}:
                raise _unusable(name_or_arn) from None
            raise
    value = found["SecretString"].encode() if "SecretString" in found else found["SecretBinary"]
    return _member(name_or_arn, value, key) if key else value


def _member(name: str, value: bytes, key: str) -> bytes:
    try:
        members = orjson.loads(value)
    except orjson.JSONDecodeError:
        members = None
    if not isinstance(members, dict):
        raise UserError(
            f"The secret {name} is no JSON object, so it has no key {key}.",
            cause=Cause.MISSING_SECRET,
        )
    if key not in members:
        raise UserError(
            f"The secret {name} has no key {key}.",
            hint="Add it, or correct its name.",
            cause=Cause.MISSING_SECRET,
        )
    member = members[key]
    return member.encode() if isinstance(member, str) else orjson.dumps(member)


def _unusable(name: str) -> UserError:
    return UserError(
        f"There is no secret {name}, or it is scheduled for deletion.",
        hint="Create it in the region that Edaha runs in, or correct the name.",
        cause=Cause.MISSING_SECRET,
    )


def _secrets() -> "SecretsManagerClient":
    secrets: SecretsManagerClient = client("secretsmanager")
    return secrets

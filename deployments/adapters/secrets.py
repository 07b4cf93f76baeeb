"""Secrets that an application names: `ssm:NAME`, `secretsmanager:NAME[:KEY]`, the ARN of either."""

import re
from collections.abc import Collection

from ..allowed import allows
from ..errors import UserError
from .lookups import permit, permit_parameter
from .needs import parameter_name
from .secretsmanager import read_secret_value, secret
from .ssm import read_parameter

#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html
_PARAMETER_ARN = re.compile(r"arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d{12}:(?P<resource>parameter/.+)")
#: Then `:key:stage:version`, any of which may be empty:
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
_SECRET_ARN = re.compile(
    r"(?P<arn>arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[^:]+)(?P<part>:.*)?"
)


def read_secret(reference: str, allowed: Collection[str]) -> bytes:
    """The value of a build's secret. Raises UserError where there is none, or it is forbidden."""
    kind, name, key = _parts(reference)
    if kind == "ssm":
        permit_parameter(allowed, name)
        return read_parameter(name).encode()
    permit(allowed, kind, name)
    return read_secret_value(name, key)


def value_from(reference: str, allowed: Collection[str]) -> str:
    """What ECS is told for a container's secret (`secrets[].valueFrom`).

    Raises UserError where there is no such secret, or the repository may not use it.
    """
    if found := _PARAMETER_ARN.fullmatch(reference):
        _permit_arn(allowed, "ssm", reference, parameter_name(found["resource"]))
        return reference
    if found := _SECRET_ARN.fullmatch(reference):
        # What an ARN without its last six characters means is for AWS to say, not for a pattern.
        _permit_arn(allowed, "secretsmanager", found["arn"], secret(found["arn"]).name)
        return reference
    kind, name, key = _parts(reference)
    permit(allowed, kind, name)
    if kind == "ssm":
        return name
    arn = secret(name).arn
    return f"{arn}:{key}::" if key else arn


def _parts(reference: str) -> tuple[str, str, str]:
    kind, _, rest = reference.partition(":")
    # A parameter's name may have a colon (NAME:VERSION); a secret's may not:
    # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
    name, _, key = rest.partition(":") if kind == "secretsmanager" else (rest, "", "")
    if kind not in {"ssm", "secretsmanager"} or not name:
        raise UserError(
            f"“{reference}” names no secret.",
            hint="Write ssm:NAME, secretsmanager:NAME or secretsmanager:NAME:KEY.",
        )
    return kind, name, key


def _permit_arn(allowed: Collection[str], kind: str, arn: str, name: str) -> None:
    if not allows(allowed, kind, arn):
        permit(allowed, kind, name)

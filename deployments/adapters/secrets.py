"""Secrets that an application's build reads: `ssm:NAME`, `secretsmanager:NAME[:KEY]`."""

from collections.abc import Collection

from ..errors import UserError
from .lookups import permit, permit_parameter
from .secretsmanager import read_secret_value
from .ssm import read_parameter


def read_secret(reference: str, allowed: Collection[str]) -> bytes:
    """The value of a build's secret. Raises UserError where there is none, or it is forbidden."""
    kind, name, key = _parts(reference)
    if kind == "ssm":
        permit_parameter(allowed, name)
        return read_parameter(name).encode()
    permit(allowed, kind, name)
    return read_secret_value(name, key)


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

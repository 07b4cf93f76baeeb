"""Secrets that an application's build reads: `ssm:NAME`, `secretsmanager:NAME[:KEY]`."""

import time
from collections.abc import Collection

from ..errors import EdahaError, UserError
from .lookups import permit, permit_parameter
from .secretsmanager import read_secret_value
from .ssm import read_parameter


def read_secret(reference: str, allowed: Collection[str]) -> bytes:
    """The value of a build's secret. Raises UserError where there is none, or it is forbidden."""
    kind, name, _ = _parts(reference)
    if kind == "ssm":
        permit_parameter(allowed, name)
    else:
        permit(allowed, kind, name)
    return read_referred(reference)


def read_referred(reference: str) -> bytes:
    """The value of a reference that an administrator wrote: nobody else has to allow it."""
    kind, name, key = _parts(reference)
    return read_parameter(name).encode() if kind == "ssm" else read_secret_value(name, key)


#: `valueFrom` → its value, None where it could not be read; and until when that is believed.
_remembered: dict[str, tuple[bytes | None, float]] = {}
_REMEMBERED_SECONDS, _REMEMBERED_MAX = 300.0, 1000


def peek(value_from: str) -> bytes | None:
    """What ECS gives a container, so that no log shows it; None where workers may not read it.

    `value_from` is a parameter's name or ARN, or a secret's ARN with what ECS writes behind it.
    An answer is remembered for a while.
    """
    known = _remembered.get(value_from)
    if known is None or known[1] < time.monotonic():
        if len(_remembered) >= _REMEMBERED_MAX:
            _remembered.clear()
        known = (_peek(value_from), time.monotonic() + _REMEMBERED_SECONDS)
        _remembered[value_from] = known
    return known[0]


def forget() -> None:
    """What was read is read anew."""
    _remembered.clear()


def _peek(value_from: str) -> bytes | None:
    # After a secret's name come the JSON key, the version's stage and its id:
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html
    parts = value_from.split(":")
    try:
        if value_from.startswith("arn:") and parts[2:3] == ["secretsmanager"]:
            return read_secret_value(":".join(parts[:7]), parts[7] if len(parts) > 7 else "")
        return read_parameter(value_from).encode()
    except EdahaError:
        return None


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

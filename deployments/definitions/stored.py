"""Secrets that are stored in AWS, as ECS is told of them and as an administrator allows them. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html
"""

import re
from collections.abc import Callable, Collection

from ..allowed import allows

#: The name of a secret → its ARN.
Resolver = Callable[[str], str]

#: ARN, partition, service, region, account, and what is the service's own.
_ARN = re.compile(r"arn:([^:]+):([^:]+):([^:]*):([^:]*):(.+)")
#: Secrets Manager takes such an end of a name for the random one of its ARN.
_ENDS_LIKE_AN_ARN = re.compile(r"-[A-Za-z0-9]{6}$")
#: Parameter Store hands out secrets under this path:
#: https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html
_THROUGH_SSM = "/aws/reference/secretsmanager/"


def value_from(reference: str, secret_arn: Resolver) -> str:
    """ECS's `valueFrom` for `ssm:NAME`, `secretsmanager:NAME[:KEY]`, or the ARN of either.

    A parameter of the task's own region goes by its name; a secret needs its ARN.
    """
    kind, _, rest = reference.partition(":")
    if kind == "ssm":
        return rest
    if kind == "secretsmanager":
        name, _, key = rest.partition(":")
        return f"{secret_arn(name)}:{key}::" if key else secret_arn(name)
    return reference


def by_role(region: str, execution_role_arn: str) -> Resolver:
    """Secrets of the account that the execution role belongs to.

    Such an ARN has no random suffix: Secrets Manager finds it, as long as the name itself does not
    end like one.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
    """
    found = _ARN.fullmatch(execution_role_arn)
    partition, account = (found[1], found[4]) if found else ("aws", "0" * 12)
    return lambda name: f"arn:{partition}:secretsmanager:{region}:{account}:secret:{name}"


def is_found_by_name(value: str) -> bool:
    """Whether Secrets Manager finds the secret of an ARN that `by_role` made."""
    _, names = names_of(value)
    return not _ENDS_LIKE_AN_ARN.search(names[0])


def named_in(reference: str) -> tuple[str, list[str]]:
    """As `names_of`, for what edaha.yml says."""
    kind, _, rest = reference.partition(":")
    if kind == "secretsmanager":
        return kind, [rest.partition(":")[0]]
    return names_of(rest if kind == "ssm" else reference)


def is_allowed(allowed: Collection[str], kind: str, names: list[str]) -> bool:
    """Whether a repository may read what goes by one of `names`."""
    return any(allows(allowed, kind, name) for name in names)


def names_of(value: str) -> tuple[str, list[str]]:
    """The kind of a `valueFrom`, and every name it goes by in `allowed`.

    A secret's ARN ends with a hyphen and six random characters. They stay: nobody can tell
    the ARN of “shop” from a shortened one of “shop-backup”.
    """
    found = _ARN.fullmatch(value)
    if found and found[2] == "secretsmanager":
        return "secretsmanager", [found[5].removeprefix("secret:").partition(":")[0]]
    if found and found[2] == "ssm":
        # `parameter/db` is the ARN of both “/db” and “db”.
        plain = found[5].removeprefix("parameter/")
        names = (f"/{plain}", plain)
        return _parameter(*(names if "/" in plain else reversed(names)))
    return _parameter(value)


def _parameter(*names: str) -> tuple[str, list[str]]:
    through = [name.removeprefix(_THROUGH_SSM) for name in names if name.startswith(_THROUGH_SSM)]
    return ("secretsmanager", through) if through else ("ssm", list(names))

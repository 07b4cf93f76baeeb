"""Secrets that are stored in AWS, as ECS is told of them and as an administrator allows them. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ..allowed import allows

#: The name of a secret → its ARN.
Resolver = Callable[[str], str]

#: ARN, partition, service, region, account, and what is the service's own.
_ARN = re.compile(r"arn:([^:]*):([^:]*):([^:]*):([^:]*):(.+)", re.DOTALL)
#: Secrets Manager takes such an end of a name for the random one of its ARN.
_ENDS_LIKE_AN_ARN = re.compile(r"-[A-Za-z0-9]{6}$")
#: Parameter Store hands out secrets under this path:
#: https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html
_THROUGH_SSM = "/aws/reference/secretsmanager/"
#: Stands for the account where no role tells it.
_NO_ACCOUNT = "0" * 12


@dataclass(frozen=True)
class Home:
    """Whose secrets go by their plain names: those of one region and one account."""

    region: str
    #: Empty where it is not known.
    account: str = ""
    partition: str = "aws"

    @classmethod
    def of(cls, region: str, execution_role_arn: str) -> "Home":
        """Tasks, and the role that reads their secrets, are of one account."""
        found = _ARN.fullmatch(execution_role_arn)
        if not found:
            return cls(region)
        return cls(region, found[4].replace(_NO_ACCOUNT, ""), found[1])

    def has(self, region: str, account: str) -> bool:
        return region == self.region and (not self.account or account == self.account)


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
    home = Home.of(region, execution_role_arn)
    start = f"arn:{home.partition}:secretsmanager:{region}:{home.account or _NO_ACCOUNT}"
    return lambda name: f"{start}:secret:{name}"


def is_found_by_name(value: str) -> bool:
    """Whether Secrets Manager finds the secret of an ARN that `by_role` made."""
    found = _ARN.fullmatch(value)
    return not found or not _ENDS_LIKE_AN_ARN.search(_secret(found[5]))


def named_in(reference: str, home: Home | None) -> tuple[str, list[str]]:
    """As `names_of`, for what edaha.yml says."""
    kind, _, rest = reference.partition(":")
    if kind == "secretsmanager":
        return kind, [rest.partition(":")[0]]
    return names_of(rest if kind == "ssm" else reference, home)


def is_allowed(allowed: Collection[str], kind: str, names: list[str]) -> bool:
    """Whether a repository may read what goes by one of `names`."""
    return any(allows(allowed, kind, name) for name in names)


def names_of(value: str, home: Home | None) -> tuple[str, list[str]]:
    """The kind of a `valueFrom`, or of an S3 object's ARN, and each of its names in `allowed`.

    What is not at `home` goes by its whole ARN alone, and so does every ARN where `home` is None.
    A secret's ARN ends with a hyphen and six random characters. They stay: nobody can tell
    the ARN of “shop” from a shortened one of “shop-backup”.
    """
    found = _ARN.fullmatch(value)
    if not found or found[2] not in ("s3", "ssm", "secretsmanager"):
        return _parameter(value)
    if found[2] == "s3":
        return "s3", [found[5]]
    is_here = home is not None and home.has(found[3], found[4])
    if found[2] == "secretsmanager":
        # After the name come the JSON key, the version's stage and its id.
        name = _secret(found[5])
        whole = f"{value[: found.start(5)]}secret:{name}"
        return "secretsmanager", [name, whole] if is_here else [whole]
    # `parameter/db` is the ARN of both “/db” and “db”.
    plain = found[5].removeprefix("parameter/")
    both = [f"/{plain}", plain]
    kind, names = _parameter(*(both if "/" in plain else reversed(both)))
    return kind, [*names, value] if is_here else [value]


def _secret(resource: str) -> str:
    return resource.removeprefix("secret:").partition(":")[0]


def _parameter(*names: str) -> tuple[str, list[str]]:
    through = [name.removeprefix(_THROUGH_SSM) for name in names if name.startswith(_THROUGH_SSM)]
    return ("secretsmanager", through) if through else ("ssm", list(names))

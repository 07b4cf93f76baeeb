"""What templates look up in AWS: only what an administrator has allowed the repository."""

from collections.abc import Callable, Collection

from ..allowed import allows
from ..definitions.stored import is_allowed, names_of
from ..errors import UserError
from . import cloudformation, s3, secretsmanager, ssm

_CALLED = {
    "ssm": "the SSM parameter",
    "secretsmanager": "the secret",
    "cfn": "the CloudFormation stack or export",
    "s3": "the S3 object",
}


class AwsLookups:
    """The lookups of one evaluation: an answer is remembered for as long as this lives."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = allowed
        self._texts: dict[tuple[object, ...], str] = {}
        self._objects: dict[tuple[str, str], bytes] = {}

    def ssm(self, name: str, index: int | None = None) -> str:
        """A parameter's value, decrypted; of a StringList, the element at `index`."""
        permit_parameter(self._allowed, name)
        return self._once(("ssm", name, index), lambda: ssm.read_parameter(name, index))

    def secretsmanager_arn(self, name: str) -> str:
        """A secret's full ARN, as ECS wants it. Its value is never read."""
        permit(self._allowed, "secretsmanager", name)
        return self._once(("secretsmanager", name), lambda: secretsmanager.secret(name).arn)

    def cfn_output(self, stack: str, key: str) -> str:
        """An output of a CloudFormation stack."""
        permit(self._allowed, "cfn", stack)
        return self._once(("output", stack, key), lambda: cloudformation.read_output(stack, key))

    def cfn_export(self, name: str) -> str:
        """What some CloudFormation stack exports."""
        permit(self._allowed, "cfn", name)
        return self._once(("export", name), lambda: cloudformation.read_export(name))

    def s3(self, bucket: str, key: str) -> bytes:
        """An object's content."""
        permit(self._allowed, "s3", f"{bucket}/{key}")
        if (bucket, key) not in self._objects:
            self._objects[bucket, key] = s3.read_object(bucket, key)
        return self._objects[bucket, key]

    def _once(self, asked: tuple[object, ...], ask: Callable[[], str]) -> str:
        if asked not in self._texts:
            self._texts[asked] = ask()
        return self._texts[asked]


class NoLookups:
    """For code of strangers: nothing is looked up, and the line that asks is told."""

    def ssm(self, name: str, index: int | None = None) -> str:
        raise _refused("ssm", name)

    def secretsmanager_arn(self, name: str) -> str:
        raise _refused("secretsmanager", name)

    def cfn_output(self, stack: str, key: str) -> str:
        raise _refused("cfn", stack)

    def cfn_export(self, name: str) -> str:
        raise _refused("cfn", name)

    def s3(self, bucket: str, key: str) -> bytes:
        raise _refused("s3", f"{bucket}/{key}")


def _refused(kind: str, name: str) -> UserError:
    return UserError(
        f"This comes from a fork, which may not use {_CALLED[kind]} {name}.",
        hint="Push it to a branch of the repository itself, once it is trusted; or give the "
        "template another value where there is none.",
    )


def permit_parameter(allowed: Collection[str], name: str) -> None:
    """As `permit`: Parameter Store hands out secrets of Secrets Manager under a path, too."""
    # An ARN may be another account's: it is allowed as a whole, or not at all.
    kind, names = names_of(name, None)
    if not is_allowed(allowed, kind, names):
        permit(allowed, kind, names[0])


def permit(allowed: Collection[str], kind: str, name: str) -> None:
    """Raises UserError, with what to do, unless the repository may use this."""
    if not allows(allowed, kind, name):
        raise UserError(
            f"This repository may not use {_CALLED[kind]} {name}.",
            hint=f"An administrator may allow it: "
            f"bin/manage repository set OWNER/NAME --allow '{kind}:{name}'",
        )

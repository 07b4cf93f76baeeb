"""What a repository's own files may use of AWS: nothing, unless an administrator allows it.

Each entry is `KIND:PATTERN`, with `*` for anything, or a bare word.
"""

from collections.abc import Collection
from fnmatch import fnmatchcase

from .names import KEPT

#: Kinds that name something: IAM roles by ARN, SSM parameters, Secrets Manager secrets,
#: CloudFormation stacks or exports, S3 objects (`bucket/key`), file systems of EFS and FSx by id.
NAMED = ("role", "ssm", "secretsmanager", "cfn", "s3", "file-system")
#: Privileges on the machines underneath.
WORDS = ("privileged", "host-volumes", "host-namespaces")
#: Kinds whose names are an ARN only where they are of another account or region.
_NAMED_AT_HOME = ("ssm", "secretsmanager")
_ARN = "arn:"


def allows(allowed: Collection[str], kind: str, name: str = "") -> bool:
    """Whether `allowed` has `kind`, for `name` where the kind names something."""
    if kind in WORDS:
        return kind in allowed
    if f"{KEPT}/" in name:
        # What Edaha keeps for other repositories; a deployment's own is given to it.
        return False
    # `ssm:*` is everything that is here, and nothing of another account.
    must_tell = kind in _NAMED_AT_HOME and name.startswith(_ARN)
    return any(
        fnmatchcase(name, pattern) and (pattern.startswith(_ARN) or not must_tell)
        for each, _, pattern in (entry.partition(":") for entry in allowed)
        if each == kind
    )


def is_entry(text: str) -> bool:
    """Whether `text` is something that may be allowed."""
    kind, colon, pattern = text.partition(":")
    return text in WORDS or (kind in NAMED and bool(colon and pattern))

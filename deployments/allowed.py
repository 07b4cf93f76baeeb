"""What a repository's own files may use of AWS: nothing, unless an administrator allows it.

Each entry is `KIND:PATTERN`, with `*` for anything, or a bare word.
"""

from collections.abc import Collection
from fnmatch import fnmatchcase

#: Kinds that name something: IAM roles by ARN, SSM parameters, Secrets Manager secrets,
#: CloudFormation stacks or exports, S3 objects (`bucket/key`), EFS and FSx file systems.
NAMED = ("role", "ssm", "secretsmanager", "cfn", "s3", "file-system")
#: Privileges on the machines underneath.
WORDS = ("privileged", "host-volumes", "host-namespaces")


def allows(allowed: Collection[str], kind: str, name: str = "") -> bool:
    """Whether `allowed` has `kind`, for `name` where the kind names something."""
    if kind in WORDS:
        return kind in allowed
    return any(
        fnmatchcase(name, pattern)
        for each, _, pattern in (entry.partition(":") for entry in allowed)
        if each == kind
    )


def is_entry(text: str) -> bool:
    """Whether `text` is something that may be allowed."""
    kind, colon, pattern = text.partition(":")
    return text in WORDS or (kind in NAMED and bool(colon and pattern))

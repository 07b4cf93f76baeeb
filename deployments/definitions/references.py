"""What ECS reads out of AWS for a task, wherever its definitions name it. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .stored import Home, names_of

Path = tuple[str | int, ...]

#: Text for the application alone: ECS does not follow it.
_PLAIN_TEXT = frozenset("command dockerLabels entryPoint environment healthCheck tags".split())
_NAMES_ONE = (("valueFrom",), ("credentialsParameter",))
#: In the middle of a text, too: `credentialspecdomainless:ARN`, for one.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
_STORED = re.compile(r"arn:[^:]*:(?:s3|secretsmanager|ssm):.*", re.DOTALL)


@dataclass(frozen=True)
class Reference:
    """Something that is stored in AWS."""

    #: Where it is in the definition.
    path: Path
    #: As it is written, without what stands before an ARN.
    value: str
    #: See `stored.names_of`.
    kind: str
    names: list[str]


def references(definition: Any, home: Home | None) -> Iterator[Reference]:
    """Parameters, secrets and S3 objects that a task or service definition names."""
    for path, text in texts(definition):
        arn = _STORED.search(text)
        # A registry's password may go by the secret's name:
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RepositoryCredentials.html
        if not arn and "repositoryCredentials" in path:
            yield Reference(path, text, "secretsmanager", [text])
        elif arn or path[-1:] in _NAMES_ONE:
            value = arn[0] if arn else text
            yield Reference(path, value, *names_of(value, home))


def texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text that ECS itself goes by, and where it is."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key not in _PLAIN_TEXT:
                yield from texts(each, (*path, key))
    elif isinstance(value, list):
        for position, each in enumerate(value):
            yield from texts(each, (*path, position))
    elif isinstance(value, str):
        yield path, value

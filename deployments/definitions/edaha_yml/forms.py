"""What names, paths and addresses in edaha.yml look like: for the parser and the JSON Schema."""

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from .values import wrong


def _like(pattern: str, says: str, hint: str) -> Callable[[str], str]:
    """A check of the whole text; `says` follows the value's name."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if compiled.fullmatch(value):
            return value
        raise wrong(says, hint)

    return check


def _schema(pattern: str, most: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^({pattern})$", "maxLength": most})


_NAME = "[a-z](-?[a-z0-9])*"
_NAME_RULE = "Lowercase letters, digits and single hyphens; a letter begins."
#: Of an image, a service or a container. Services' names become part of a DNS label.
Name = Annotated[
    str,
    Field(max_length=30),
    AfterValidator(_like(_NAME, "is no name", _NAME_RULE)),
    _schema(_NAME, 30),
]

Path = Annotated[str, Field(min_length=1, max_length=500)]

_HTTP_PATH = "/[!-~]*"
HttpPath = Annotated[
    str,
    Field(max_length=500),
    AfterValidator(_like(_HTTP_PATH, "is no path", "Begin with /, such as /healthz.")),
    _schema(_HTTP_PATH, 500),
]

#: What ECS allows in a reference, and `@`:
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
_REFERENCE = "[A-Za-z0-9][A-Za-z0-9_./:@#-]*"
_REFERENCE_RULE = "Write the name of one of `images`, or a reference such as redis:7."
Reference = Annotated[
    str,
    Field(max_length=255),
    AfterValidator(_like(_REFERENCE, "is no image", _REFERENCE_RULE)),
    _schema(_REFERENCE, 255),
]

_STAGE = "[A-Za-z0-9][A-Za-z0-9_.-]*"
#: A stage of a Dockerfile, or BuildKit's id of a secret.
Stage = Annotated[
    str,
    Field(max_length=100),
    AfterValidator(_like(_STAGE, "is no name", "Letters, digits, _ . and - only.")),
    _schema(_STAGE, 100),
]

#: Elasticsearch and Spring read names with dots.
_VARIABLE = "[A-Za-z_][A-Za-z0-9_.-]*"
_VARIABLE_RULE = "Begin with a letter or _; then letters, digits, _ . and -."
Variable = Annotated[
    str,
    Field(max_length=255),
    AfterValidator(_like(_VARIABLE, "is no variable's name", _VARIABLE_RULE)),
    _schema(_VARIABLE, 255),
]

_PROVIDER = "[A-Za-z0-9_-]+"
Provider = Annotated[
    str,
    Field(max_length=255),
    AfterValidator(_like(_PROVIDER, "is no capacity provider", "Such as FARGATE_SPOT.")),
    _schema(_PROVIDER, 255),
]

_ROLE = "arn:aws[a-z-]*:iam::[0-9]{12}:role/[!-~]+"
Role = Annotated[
    str,
    Field(max_length=2048),
    AfterValidator(
        _like(_ROLE, "must be a role's ARN", "Such as arn:aws:iam::123456789012:role/shop.")
    ),
    _schema(_ROLE, 2048),
]

_STORED = "ssm:[A-Za-z0-9_./-]+|secretsmanager:[A-Za-z0-9/_+=.@!-]+(:[!-9;-~]+)?"
_STORED_RULE = "Write ssm:/shop/db, secretsmanager:shop/key or secretsmanager:shop/key:json-key."
#: Where a secret's value is kept, by name.
Stored = Annotated[
    str,
    Field(max_length=2048),
    AfterValidator(_like(_STORED, "does not say where a secret is", _STORED_RULE)),
    _schema(_STORED, 2048),
]
_SECRET = f"{_STORED}|arn:aws[a-z-]*:(ssm|secretsmanager):[!-~]+"
#: The same, or the ARN that ECS is told.
Secret = Annotated[
    str,
    Field(max_length=2048),
    AfterValidator(_like(_SECRET, "does not say where a secret is", _STORED_RULE)),
    _schema(_SECRET, 2048),
]

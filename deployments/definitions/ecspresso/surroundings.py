"""What reading ecspresso's files needs of the world. Adapters, or tests, provide it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..files import Files


class Lookups(Protocol):
    """What templates may ask AWS for.

    Raises UserError for what does not exist or is not allowed: it is told with the line that asked.
    """

    def ssm(self, name: str, index: int | None) -> str:
        """A parameter's value; of a StringList the item at `index`, counted from 0."""
        ...

    def secretsmanager_arn(self, name: str) -> str: ...

    def cfn_output(self, stack: str, key: str) -> str: ...

    def cfn_export(self, name: str) -> str: ...

    def s3(self, bucket: str, key: str) -> bytes:
        """An object's content, for Terraform's states."""
        ...


@dataclass(frozen=True)
class Native:
    """A function that jsonnet gets by `std.native`. Raises UserError."""

    parameters: tuple[str, ...]
    call: Callable[[Sequence[Any]], Any]


#: (folder of the importing file, what it imports) → (path, content). Raises DefinitionError.
Import = Callable[[str, str], tuple[str, bytes]]


class Evaluate(Protocol):
    """Evaluates jsonnet where it can neither read files nor take more than its share."""

    def __call__(
        self,
        path: str,
        source: str,
        *,
        imports: Import,
        natives: Mapping[str, Native],
        ext_str: Mapping[str, str],
        ext_code: Mapping[str, str],
    ) -> str:
        """The JSON that `source` stands for, which is the file at `path`.

        Raises DefinitionError with the file and the line that jsonnet tells.
        """
        ...


@dataclass(frozen=True)
class Surroundings:
    files: Files
    #: All that templates see of an environment: never the worker's own.
    environment: Mapping[str, str]
    lookups: Lookups
    jsonnet: Evaluate
    ext_str: Mapping[str, str] = field(default_factory=dict)
    #: Jsonnet code.
    ext_code: Mapping[str, str] = field(default_factory=dict)

"""What a parsed template consists of. `line` is where each stands in the template."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Text:
    text: str
    line: int


@dataclass(frozen=True)
class Constant:
    """A string, number, character, truth value or nil; `source` is how it was written."""

    value: Any
    source: str
    line: int


@dataclass(frozen=True)
class Dot:
    line: int


@dataclass(frozen=True)
class Variable:
    name: str
    line: int


@dataclass(frozen=True)
class Call:
    """A function's name, as a command or alone as an argument."""

    name: str
    line: int


@dataclass(frozen=True)
class Fields:
    """`operand.One.Two`."""

    operand: "Operand"
    names: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Command:
    #: The first is called with the others.
    operands: tuple["Operand", ...]
    line: int


@dataclass(frozen=True)
class Pipeline:
    #: Variables that it sets, and whether they are new (`:=`).
    variables: tuple[str, ...]
    declares: bool
    commands: tuple[Command, ...]
    line: int


Operand = Constant | Dot | Variable | Call | Fields | Pipeline


@dataclass(frozen=True)
class Action:
    pipeline: Pipeline
    line: int


@dataclass(frozen=True)
class Branch:
    """`if`, `with` and `range`, with what follows `else`."""

    kind: str
    pipeline: Pipeline
    body: tuple["Node", ...]
    otherwise: tuple["Node", ...]
    line: int


@dataclass(frozen=True)
class Leave:
    """`break` and `continue`."""

    kind: str
    line: int


@dataclass(frozen=True)
class Include:
    """`template`, and the place of a `block`."""

    name: str
    pipeline: Pipeline | None
    line: int


Node = Text | Action | Branch | Leave | Include


@dataclass(frozen=True)
class Template:
    body: tuple[Node, ...]
    #: What `define` and `block` name.
    defined: dict[str, tuple[Node, ...]]

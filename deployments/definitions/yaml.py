"""YAML as definitions may use it: one document of plain values, with the line of each.

No tags, no duplicate keys, no aliases that grow without bound. What is a number or a truth value
is as in the parser that ecspresso uses, which is YAML 1.2's core schema but for leading zeros:
`on`, `yes`, `12:30` and `012345678901` stay text, `010` is 8.
https://yaml.org/spec/1.2.2/#103-core-schema; token/token.go of goccy/go-yaml
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from .characters import wrong_character
from .problems import DefinitionError, refuse

#: ("services", "web", "ports", "0") → its line, counted from 1. The root is (). What came through
#: an alias has no lines of its own: ask `line_of`, which knows where the alias is.
Positions = Mapping[tuple[str, ...], int]

MAX_DEPTH = 100
#: Counted after aliases were followed: a bomb of a few lines would have billions.
MAX_VALUES = 100_000
#: In characters, counted likewise: one long text may have many aliases.
MAX_TEXT = 4 * 1024 * 1024

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INT = re.compile(r"([-+]?)(?:(0|[1-9][0-9]*)|0[oO]?([0-7]+)|0x([0-9a-fA-F]+))", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?", re.ASCII)
_MERGE = "<<"
#: Python takes quadratic time for longer ones, and nothing that ECS is told is that large.
_MAX_DIGITS = 30


def load(text: str, file: str) -> tuple[Any, Positions]:
    """The value that `text` stands for, and where its parts are. Keys are always text.

    Raises DefinitionError, told at `file`, for what is no YAML or more than plain values.
    """
    try:
        return _Reader(text, file).document()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark else None
        raise refuse(file, f"This is not valid YAML: {problem.problem}.", line=line) from None
    except yaml.YAMLError as problem:
        raise refuse(file, f"This is not valid YAML: {problem}.") from None
    except UnicodeDecodeError:
        # A tag's %ED%A0%80: libyaml hands out its bytes.
        raise refuse(file, "This is not valid YAML: a tag is not UTF-8.") from None


def line_of(positions: Positions, path: tuple[str, ...]) -> int | None:
    """The line of the value at `path`, or of the nearest value around it whose line is known."""
    known = (positions[path[:end]] for end in range(len(path), -1, -1) if path[:end] in positions)
    return next(known, None)


@dataclass(frozen=True)
class _Size:
    values: int
    characters: int
    #: Levels of lists and mappings within.
    depth: int = 0


@dataclass(frozen=True)
class _Anchored:
    value: Any
    size: _Size


class _Reader:
    """Makes values of the parser's events, so that every limit holds before memory is used."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self._anchors: dict[str, _Anchored] = {}
        self._open: set[str] = set()
        self._values = self._characters = 0
        #: The longest path so far, within the innermost anchor.
        self._deepest = 0
        self._positions: dict[tuple[str, ...], int] = {}

    def document(self) -> tuple[Any, Positions]:
        value: Any = None
        seen = False
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if seen:
                    raise self._refuse("This has several YAML documents; write one.", event)
                seen = True
                value = self._value(next(self._events), ())
        return value, self._positions

    def _value(self, event: Any, path: tuple[str, ...]) -> Any:
        self._count(_Size(1, 0), event)
        self._positions.setdefault(path, _line(event))
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event, path)
        self._reach(len(path), event)
        return self._anchored(event, path) if event.anchor else self._plain(event, path)

    def _anchored(self, event: Any, path: tuple[str, ...]) -> Any:
        values, characters, deepest = self._values, self._characters, self._deepest
        self._deepest = len(path)
        self._open.add(event.anchor)
        value = self._plain(event, path)
        self._open.discard(event.anchor)
        size = _Size(
            self._values - values + 1, self._characters - characters, self._deepest - len(path)
        )
        self._anchors[event.anchor] = _Anchored(value, size)
        self._deepest = max(deepest, self._deepest)
        return value

    def _check(self, event: Any) -> None:
        if event.tag is not None and event.tag != "!":
            raise self._refuse(f"The tag {event.tag} is not allowed here; leave it out.", event)
        if isinstance(event, yaml.ScalarEvent):
            self._count(_Size(0, len(event.value)), event)
            if wrong := wrong_character(event.value):
                raise self._refuse(wrong, event)

    def _reach(self, depth: int, event: yaml.Event) -> None:
        self._deepest = max(self._deepest, depth)
        if depth > MAX_DEPTH:
            raise self._refuse(f"This is nested more than {MAX_DEPTH} levels deep.", event)

    def _plain(self, event: Any, path: tuple[str, ...]) -> Any:
        self._check(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return self._scalar(event)

    def _scalar(self, event: yaml.ScalarEvent) -> Any:
        value = _scalar(event.value) if event.implicit[0] else event.value
        if isinstance(value, float) and math.isinf(value):
            raise self._refuse(f"The number {event.value} is too large.", event)
        return value

    def _sequence(self, path: tuple[str, ...]) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            values.append(self._value(event, (*path, str(len(values)))))
        return values

    def _mapping(self, path: tuple[str, ...]) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key == _MERGE and isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
                for name, value in self._merged(path).items():
                    merged.setdefault(name, value)
                continue
            if key in own:
                raise self._refuse(f"The key “{key}” is here twice.", event)
            self._positions[(*path, key)] = _line(event)
            own[key] = self._value(next(self._events), (*path, key))
        return merged | own

    def _key(self, event: yaml.Event) -> str:
        """A key's text. Numbers and truth values stay as they were written."""
        if isinstance(event, yaml.AliasEvent):
            anchored = self._anchors.get(event.anchor or "")
            if anchored and isinstance(anchored.value, str):
                self._count(anchored.size, event)
                return anchored.value
        if not isinstance(event, yaml.ScalarEvent):
            raise self._refuse("A key must be text.", event)
        self._count(_Size(1, 0), event)
        self._check(event)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(event.value, _Size(1, len(event.value)))
        return event.value

    def _merged(self, path: tuple[str, ...]) -> dict[str, Any]:
        """What `<<` brings: a mapping, or a list of them of which the earlier ones win."""
        event = next(self._events)
        value = self._value(event, path)
        mappings = value if isinstance(value, list) else [value]
        if not all(isinstance(mapping, dict) for mapping in mappings):
            raise self._refuse("“<<” takes a mapping, or a list of mappings.", event)
        together: dict[str, Any] = {}
        for mapping in reversed(mappings):
            together |= mapping
        return together

    def _aliased(self, event: yaml.AliasEvent, path: tuple[str, ...]) -> Any:
        anchor = event.anchor or ""
        if anchor in self._open:
            raise self._refuse(f"The alias *{anchor} is within what it stands for.", event)
        if anchor not in self._anchors:
            raise self._refuse(f"There is no anchor &{anchor} before this alias.", event)
        anchored = self._anchors[anchor]
        self._count(anchored.size, event)
        self._reach(len(path) + anchored.size.depth, event)
        return _copy(anchored.value)

    def _count(self, size: _Size, event: yaml.Event) -> None:
        self._values += size.values
        self._characters += size.characters
        if self._values > MAX_VALUES:
            raise self._refuse(
                f"This has more than {MAX_VALUES:,} values, those of aliases counted.", event
            )
        if self._characters > MAX_TEXT:
            raise self._refuse(
                f"This has more than {MAX_TEXT:,} characters, those of aliases counted.", event
            )

    def _refuse(self, message: str, event: yaml.Event) -> DefinitionError:
        return refuse(self._file, message, line=_line(event))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _copy(value: Any) -> Any:
    """The same value in objects of its own: whoever changes one place must not change another."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value


def _scalar(text: str) -> Any:
    """What an unquoted scalar stands for."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if len(text) <= _MAX_DIGITS and (found := _INT.fullmatch(text)):
        return _integer(*found.groups())
    if len(text) <= _MAX_DIGITS and _FLOAT.fullmatch(text):
        return float(text)
    return text


def _integer(sign: str, decimal: str | None, octal: str | None, hexadecimal: str | None) -> int:
    digits = ((decimal, 10), (octal, 8), (hexadecimal, 16))
    value = next(int(written, base) for written, base in digits if written)
    return -value if sign == "-" else value

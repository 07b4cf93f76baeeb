"""JSON as definitions may use it: with the line of each value, and no key twice.

Grammar: RFC 8259.
"""

import math
import re
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, NoReturn

from .characters import wrong_character
from .problems import DefinitionError, refuse
from .yaml import MAX_DEPTH, MAX_VALUES, Positions

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)
_WORDS = (("true", True), ("false", False), ("null", None))
#: More digits than any number of a definition has; Python is slow with thousands of them.
#: A whole number of this length still fits into a float.
_MAX_DIGITS = 300


def load(text: str, file: str) -> tuple[Any, Positions]:
    """The value that `text` stands for, and where its parts are.

    Raises DefinitionError, told at `file`.
    """
    reader = _Reader(text.removeprefix("\ufeff"), file)
    value = reader.value(())
    reader.end()
    return value, reader.positions


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._at = 0
        self._counted_to = 0
        self._line = 1
        self._values = 0
        self.positions: dict[tuple[str, ...], int] = {}

    def value(self, path: tuple[str, ...]) -> Any:
        self._space()
        self._values += 1
        if self._values > MAX_VALUES:
            self._wrong(f"This has more than {MAX_VALUES:,} values.")
        if len(path) > MAX_DEPTH:
            self._wrong(f"This is nested more than {MAX_DEPTH} levels deep.")
        self.positions.setdefault(path, self._here())
        match self._text[self._at : self._at + 1]:
            case "{":
                return self._object(path)
            case "[":
                return self._array(path)
            case '"':
                return self._string()
            case _:
                return self._scalar()

    def end(self) -> None:
        self._space()
        if self._at < len(self._text):
            self._wrong("There is more after the end of the JSON value")

    def _object(self, path: tuple[str, ...]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for _ in self._items("}"):
            if not self._text.startswith('"', self._at):
                self._wrong("Expected a key in double quotes")
            line, key = self._here(), self._string()
            if key in values:
                self._wrong(f"The key “{key}” is here twice", line)
            self._space()
            if not self._text.startswith(":", self._at):
                self._wrong(f"Expected a colon after “{key}”")
            self._at += 1
            self.positions[(*path, key)] = line
            values[key] = self.value((*path, key))
        return values

    def _array(self, path: tuple[str, ...]) -> list[Any]:
        return [self.value((*path, str(number))) for number in self._items("]")]

    def _items(self, closing: str) -> Any:
        """Yields where an item begins, until the closing bracket was read."""
        self._at += 1
        number = 0
        while True:
            self._space()
            if number == 0 and self._text.startswith(closing, self._at):
                break
            yield number
            number += 1
            self._space()
            if not self._text.startswith(",", self._at):
                break
            self._at += 1
        if not self._text.startswith(closing, self._at):
            self._wrong(f"Expected a comma or {closing}")
        self._at += 1

    def _string(self) -> str:
        try:
            value, self._at = scanstring(self._text, self._at + 1, True)
        except JSONDecodeError as problem:
            self._at = problem.pos
            self._wrong(problem.msg)
        if wrong := wrong_character(value):
            self._wrong(wrong)
        return str(value)

    def _scalar(self) -> Any:
        for word, value in _WORDS:
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return value
        found = _NUMBER.match(self._text, self._at)
        if not found:
            self._wrong("Expected a value")
        if len(found[0]) > _MAX_DIGITS:
            self._wrong("This number is too long")
        number = float(found[0]) if found[2] or found[3] else int(found[0])
        if math.isinf(number):
            self._wrong("This number is too large")
        self._at = found.end()
        return number

    def _space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = max(self._at, self._counted_to)
        return self._line

    def _wrong(self, message: str, line: int | None = None) -> NoReturn:
        raise self._refuse(message, line)

    def _refuse(self, message: str, line: int | None) -> DefinitionError:
        rest = self._text[self._at : self._at + 20].partition("\n")[0]
        where = f", at “{rest}”" if rest else ""
        return refuse(
            self._file,
            f"This is not valid JSON: {message.rstrip('.')}{where}.",
            line=line or self._here(),
        )

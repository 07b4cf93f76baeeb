"""A template's text while it is made, and which line of the template each line came from."""

from collections.abc import Sequence
from dataclasses import dataclass

from .lexer import TemplateError

MAX_OUTPUT = 1024 * 1024


@dataclass(frozen=True)
class Rendered:
    text: str
    #: The template's line for each line of `text`, as far as can be told.
    origins: Sequence[int]

    def line(self, of: int | None) -> int | None:
        """The template's line for a line of the text, both counted from 1."""
        if of is None or not self.origins:
            return of
        return self.origins[min(of, len(self.origins)) - 1]


class Output:
    def __init__(self) -> None:
        self._parts: list[str] = []
        self._origins: list[int] = []
        self._size = 0
        #: Whether the line that is being written has nothing but spaces yet.
        self._blank = True

    def rendered(self) -> Rendered:
        return Rendered("".join(self._parts), self._origins)

    def write(self, text: str, line: int, *, is_source: bool) -> None:
        self._size += len(text)
        if self._size > MAX_OUTPUT:
            raise TemplateError(
                f"This template makes more than {MAX_OUTPUT:,} characters of text.", line
            )
        self._parts.append(text)
        for number, part in enumerate(text.split("\n")):
            origin = line + number if is_source else line
            if number or not self._origins:
                self._origins.append(origin)
                self._blank = True
            elif self._blank:
                self._origins[-1] = origin
            self._blank = self._blank and not part.strip()

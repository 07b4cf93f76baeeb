"""Takes secrets out of what is about to be read by people. Pure.

Every form of them is looked for in which tools print a value by accident. A line break inside of it
hides nothing: logs are cut into lines at any place, and base64 is wrapped.

Whoever holds a secret and wants it out gets it out, reversed for example: this is against
accidents.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from .encodings import forms

T = TypeVar("T")

STARS = "***"

_HEAD = 4
#: An empty line between two others is part of no secret; so memory is bounded.
_EMPTY = "\n"


class Redactor:
    """Knows the secrets; one for a deployment, shared by all that it prints."""

    def __init__(self, secrets: Iterable[str | bytes]) -> None:
        self._by_head: dict[str, list[str]] = defaultdict(list)
        self._beginnings: set[str] = set()
        self.longest = 0
        self._known = frozenset(form for value in secrets for form in forms(value))
        for needle in sorted(self._known, key=len):
            self._by_head[needle[:_HEAD]].insert(0, needle)
            self._beginnings |= {needle[:length] for length in range(1, _HEAD)}
            self.longest = len(needle)
        self._pattern = re.compile(_alternation(sorted(self._by_head)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Redactor) and other._known == self._known

    def __hash__(self) -> int:
        return hash(self._known)

    def __bool__(self) -> bool:
        return bool(self._by_head)

    def is_clear(self, line: str) -> bool:
        """Whether no secret is in the line, and none begins at its end. Fast."""
        return not self or (
            self._pattern.search(line) is None
            and line[-1:] not in self._beginnings
            and line[-2:] not in self._beginnings
            and line[-3:] not in self._beginnings
        )

    def redact(self, text: str) -> str:
        """`text` with stars in each secret's place."""
        if not self or not text:
            return text
        lines = text.split("\n")
        joined = "".join(line or _EMPTY for line in lines)
        spans = self.look(joined).spans
        return "\n".join(_starred(lines, spans)) if spans else text

    def look(self, text: str) -> "Look":
        """Where secrets stand in `text`, which has no line breaks."""
        spans: list[tuple[int, int]] = []
        size, begun = len(text), len(text)
        search = self._pattern.search
        found = search(text)
        while found:
            at = found.start()
            for needle in self._by_head[found[0]]:
                if text.startswith(needle, at):
                    end = at + len(needle)
                    if spans and at <= spans[-1][1]:
                        end = max(end, spans[-1][1])
                        at = spans.pop()[0]
                    spans.append((at, end))
                    break
            at = found.start()
            if begun == size and size - at < self.longest and self._begins(text[at:]):
                begun = at
            found = search(text, at + 1)
        if begun == size:
            tails = (n for n in range(_HEAD - 1, 0, -1) if text[-n:] in self._beginnings)
            begun = size - min(next(tails, 0), size)
        return Look(spans, begun)

    def _begins(self, tail: str) -> bool:
        """Whether `tail` is the beginning of something longer."""
        return any(
            len(needle) > len(tail) and needle.startswith(tail)
            for needle in self._by_head[tail[:_HEAD]]
        )


class Look(NamedTuple):
    """What one look showed."""

    #: Secrets, as pairs of begin and end; none touches another.
    spans: list[tuple[int, int]]
    #: From here on, the text may be the beginning of a secret; its length where it is not.
    begun: int


class Stream(Generic[T]):
    """Lines that follow each other, as one stream: each comes out once, in order, as itself.

    A line that may be the beginning of a secret is held until what follows tells; at most as many
    characters as the longest secret has, and one line. Each line may carry something along.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held: list[tuple[str, T]] = []
        #: So many characters of the held lines belong to a secret that begins before them.
        self._covered = 0

    @property
    def is_holding(self) -> bool:
        return bool(self._held)

    def feed(self, line: str, carried: T) -> list[tuple[str, T]]:
        """What can be shown now."""
        if not self._held and self._redactor.is_clear(line):
            return [(line, carried)]
        self._held.append((line, carried))
        return self._release(is_over=False)

    def finish(self) -> list[tuple[str, T]]:
        """The rest: nothing follows."""
        return self._release(is_over=True) if self._held else []

    def _release(self, *, is_over: bool) -> list[tuple[str, T]]:
        lines = [line for line, _ in self._held]
        joined = "".join(line or _EMPTY for line in lines)
        spans, begun = self._redactor.look(joined)
        if self._covered:
            spans = _merged([(0, self._covered), *spans])
        count, end = (len(lines), len(joined)) if is_over else _before(lines, begun)
        if not count:
            return []
        out, self._held = self._held[:count], self._held[count:]
        # Of a secret that is cut there, the rest goes as well.
        self._covered = max((stop - end for start, stop in spans if start < end < stop), default=0)
        texts = _starred(lines[:count], spans)
        return [(text, carried) for text, (_, carried) in zip(texts, out, strict=True)]


def _alternation(heads: list[str]) -> str:
    """A pattern for any of `heads`, sorted and of one length, that tries few of them."""
    if not heads:
        return r"(?!)"
    if len(heads) == 1:
        return re.escape(heads[0])
    groups: dict[str, list[str]] = defaultdict(list)
    for head in heads:
        groups[head[0]].append(head[1:])
    parts = []
    for first, rest in groups.items():
        tail = _alternation(rest) if rest[0] else ""
        parts.append(re.escape(first) + (f"(?:{tail})" if len(rest) > 1 and rest[0] else tail))
    return "|".join(parts)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _before(lines: list[str], begun: int) -> tuple[int, int]:
    """How many lines end at `begun` or before it, and how many characters they have."""
    end = 0
    for count, line in enumerate(lines):
        size = len(line) or len(_EMPTY)
        if end + size > begun:
            return count, end
        end += size
    return len(lines), end


def _starred(lines: list[str], spans: list[tuple[int, int]]) -> list[str]:
    """`lines`, with stars in place of what `spans` cover; they count empty lines, too."""
    out, position, left = [], 0, iter(spans)
    span = next(left, None)
    for line in lines:
        end = position + (len(line) or len(_EMPTY))
        parts, at = [], position
        while span and span[0] < end:
            parts += [line[at - position : max(span[0], at) - position], STARS]
            at = min(span[1], end)
            if span[1] > end:
                break
            span = next(left, None)
        out.append("".join(parts) + line[at - position :] if parts else line)
        position = end
    return out

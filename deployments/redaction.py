"""Takes secrets out of what is about to be read by people. Pure.

Every form of them is looked for in which tools print a value by accident (encodings.py). A line
break inside of it hides nothing: logs are cut into lines at any place, and base64 is wrapped.

Whoever holds a secret and wants it out gets it out, reversed for example: this is against
accidents.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from .encodings import SHORTEST, forms

T = TypeVar("T")

STARS = "***"

_HEAD = 4
#: An empty line between two others is part of no secret; so memory is bounded.
_EMPTY = "\n"


class Redactor:
    """Knows the secrets; one for a deployment, shared by all that it prints."""

    def __init__(self, secrets: Iterable[str | bytes]) -> None:
        self._known = frozenset(form for value in secrets for form in forms(value))
        needles = sorted(self._known, key=len, reverse=True)
        self.longest = len(needles[0]) if needles else 0
        self._by_head: dict[str, list[str]] = defaultdict(list)
        for needle in needles:
            self._by_head[needle[:_HEAD]].append(needle)
        self._samples = _Samples.of(needles)
        self._pattern = re.compile(_alternation(sorted(self._by_head)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Redactor) and other._known == self._known

    def __hash__(self) -> int:
        return hash(self._known)

    def __bool__(self) -> bool:
        return bool(self._by_head)

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
        if self._samples.miss(text):
            return Look([], len(text) - self._samples.tail(text))
        spans: list[tuple[int, int]] = []
        size, begun = len(text), len(text)
        search = self._pattern.search
        found = search(text)
        while found:
            at = found.start()
            for needle in self._by_head[found[0]]:
                if text.startswith(needle, at):
                    _add(spans, at, at + len(needle))
                    break
            if begun == size and size - at < self.longest and self._begins(text[at:]):
                begun = at
            found = search(text, at + 1)
        return Look(spans, begun if begun < size else size - self._samples.tail(text))

    def _begins(self, tail: str) -> bool:
        """Whether `tail` is the beginning of something longer."""
        return any(
            len(needle) > len(tail) and needle.startswith(tail)
            for needle in self._by_head[tail[:_HEAD]]
        )


class _Samples(NamedTuple):
    """A few pieces of a text tell that nothing is in it, as Wu and Manber found: one of `size` at
    every `step` characters. Wherever a secret stands, one of them is in its beginning.
    """

    size: int
    step: int
    #: Pieces of the beginnings of all secrets, at every place.
    pieces: frozenset[str]
    #: Shorter ones from their very beginning.
    beginnings: frozenset[str]

    @classmethod
    def of(cls, needles: list[str]) -> "_Samples":
        shortest = min(map(len, needles), default=SHORTEST)
        size = min(6, shortest - 2)
        step = shortest - size + 1
        pieces = {needle[at : at + size] for needle in needles for at in range(step)}
        beginnings = {needle[:length] for needle in needles for length in range(1, size)}
        return cls(size, step, frozenset(pieces), frozenset(beginnings))

    def miss(self, text: str) -> bool:
        """Whether no secret is in it, and no more than a short beginning of one at its end."""
        size, end = self.size, len(text) - self.size + 1
        seen = [text[at : at + size] for at in range(0, end, self.step)]
        return self.pieces.isdisjoint(seen) and text[-size:] not in self.pieces

    def tail(self, text: str) -> int:
        """How many characters at its end are a short beginning."""
        lengths = range(min(self.size - 1, len(text)), 0, -1)
        return next((length for length in lengths if text[-length:] in self.beginnings), 0)


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

    @classmethod
    def resumed(cls, redactor: Redactor, held: list[tuple[str, T]], covered: int) -> "Stream[T]":
        """One that goes on where another one stood, as that one's `standing` told."""
        stream = cls(redactor)
        stream._held, stream._covered = held, covered
        return stream

    @property
    def standing(self) -> tuple[list[tuple[str, T]], int]:
        """The lines that are held, and how much of them belongs to a secret before them. What is
        in it is not for people."""
        return self._held, self._covered

    @property
    def is_holding(self) -> bool:
        return bool(self._held)

    def feed(self, line: str, carried: T) -> list[tuple[str, T]]:
        """What can be shown now."""
        if not self._redactor:
            return [(line, carried)]
        self._held.append((line, carried))
        return self._release(is_over=False)

    def finish(self) -> list[tuple[str, T]]:
        """The rest: nothing follows."""
        return self._release(is_over=True) if self._held else []

    def _release(self, *, is_over: bool) -> list[tuple[str, T]]:
        lines = [line for line, _ in self._held]
        joined = "".join([line or _EMPTY for line in lines])
        spans, begun = self._redactor.look(joined)
        if self._covered:
            spans = _merged([(0, self._covered), *spans])
        count, end = (len(lines), len(joined)) if is_over else _before(lines, begun)
        if not count:
            return []
        out, self._held = self._held[:count], self._held[count:]
        # Of a secret that is cut there, the rest goes as well.
        self._covered = max((stop - end for start, stop in spans if start < end < stop), default=0)
        if not spans:
            return out
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


def _add(spans: list[tuple[int, int]], start: int, end: int) -> None:
    """Add one that begins no earlier than the last one."""
    if spans and start <= spans[-1][1]:
        before, until = spans.pop()
        start, end = before, max(end, until)
    spans.append((start, end))


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        _add(found, start, end)
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

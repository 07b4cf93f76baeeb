"""Reads what `docker buildx build --progress=rawjson` prints. Pure.

The stream is a sequence of JSON objects (`client.SolveStatus` of moby/buildkit), which buildx
0.13 prints over several lines each and later ones on one. What is not JSON is the client's own
voice, such as its final `ERROR:` line.
"""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

#: A line that gets longer than this is broken: something prints without ever ending a line.
_LINE_MAX = 64 * 1024


@dataclass
class Step:
    """One vertex of the build graph, numbered in the order of its first appearance from 1."""

    number: int
    name: str
    started_at: datetime | None = None
    completed_at: datetime | None = None
    cached: bool = False
    error: str = ""


@dataclass(frozen=True)
class Line:
    """One line that a step printed."""

    step: int
    at: datetime | None
    text: str


@dataclass
class Progress:
    """Feed it the stream's lines; it yields what changed."""

    steps: dict[str, Step] = field(default_factory=dict)
    #: What buildx itself said outside of the JSON stream.
    messages: list[str] = field(default_factory=list)
    _object: list[str] = field(default_factory=list)
    _unfinished: dict[tuple[str, int], bytes] = field(default_factory=dict)

    def feed(self, line: str) -> Iterator[Step | Line]:
        line = line.rstrip("\n")
        if not self._object and not line.startswith("{"):
            if line.strip():
                self.messages.append(line)
                yield Line(0, None, line)
            return
        self._object.append(line)
        if line != "}" and not (len(self._object) == 1 and line.endswith("}")):
            return
        text, self._object = "\n".join(self._object), []
        try:
            status = orjson.loads(text)
        except orjson.JSONDecodeError:
            yield Line(0, None, text)
            return
        yield from self._status(status)

    def finish(self) -> Iterator[Line]:
        """What was printed last without an end of line."""
        for (digest, _), rest in self._unfinished.items():
            if rest:
                yield Line(self._number(digest), None, _text(rest))
        self._unfinished.clear()

    @property
    def failed_step(self) -> Step | None:
        failed = (step for step in self.steps.values() if step.error)
        # A step that was cancelled because another one failed says "context canceled".
        return min(failed, key=lambda step: "cancel" in step.error, default=None)

    def _status(self, status: dict[str, Any]) -> Iterator[Step | Line]:
        for vertex in status.get("vertexes") or ():
            yield self._vertex(vertex)
        for entry in status.get("logs") or ():
            yield from self._log(entry)

    def _vertex(self, vertex: dict[str, Any]) -> Step:
        digest = vertex["digest"]
        step = self.steps.get(digest)
        if step is None:
            step = Step(len(self.steps) + 1, vertex.get("name", "")[:500])
            self.steps[digest] = step
        if "started" in vertex:
            step.started_at = _time(vertex["started"])
        step.completed_at = _time(vertex.get("completed"))
        step.cached = step.cached or bool(vertex.get("cached"))
        # A branch's first build finds no cache: BuildKit calls that an error, and goes on.
        if not step.name.startswith("importing cache manifest"):
            step.error = vertex.get("error", "")
        return step

    def _log(self, entry: dict[str, Any]) -> Iterator[Line]:
        digest, at = entry.get("vertex", ""), _time(entry.get("timestamp"))
        # Bytes until a line is whole: an entry may end within a character. Standard output and
        # standard error each have their own.
        stream = (digest, entry.get("stream", 0))
        data = self._unfinished.get(stream, b"") + b64decode(entry.get("data") or "")
        *whole, rest = data.split(b"\n")
        if len(rest) > _LINE_MAX:
            whole, rest = [*whole, rest], b""
        self._unfinished[stream] = rest
        for line in whole:
            yield Line(self._number(digest), at, _text(line))

    def _number(self, digest: str) -> int:
        step = self.steps.get(digest)
        return step.number if step else 0


def _text(line: bytes) -> str:
    return line.decode(errors="replace").removesuffix("\r")


def _time(text: str | None) -> datetime | None:
    """BuildKit's times have nanoseconds; Python's have microseconds."""
    if not text:
        return None
    head, dot, tail = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{head}{dot}{tail[:6].ljust(6, '0') if dot else ''}+00:00")

"""A deployment's log as it is written: by the server's stream, else by asking now and then."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from . import http
from .errors import NotFound, Unreachable
from .following import MISSES, ON_ITS_WAY
from .server import Json, Server

#: Between two looks without a stream: soon after there was something new, and later and later.
_SOON, _LATE = 0.5, 5.0
_EVENT = "text/event-stream"
#: No event is as long as this.
_LINE = 64 * 2**20


class _NoStream(Exception):
    """What answers has none."""


@dataclass
class Log:
    """Follows one log. `last` is the number of the last line that was given, so that a lost
    connection costs no line and repeats none."""

    server: Server
    deployment: Json
    #: Seconds between two looks; 0 takes the stream.
    every: float = 0.0
    last: int = 0
    _missed: int = field(default=0, init=False)

    def now(self) -> Iterator[Json]:
        """The lines that there are."""
        yield from self._new(self.server.log(self.deployment["id"], self.last))

    def until_ended(self) -> Iterator[Json]:
        """All lines; `deployment` is what it has become afterwards."""
        while not self._has_ended():
            try:
                yield from self._looks() if self.every else self._stream()
            except _NoStream:
                yield from self._looks()
            except Unreachable:
                self._missed += 1
                if self._missed > MISSES:
                    raise
                time.sleep(min(_LATE, _SOON * 2**self._missed))
        yield from self.now()

    def _has_ended(self) -> bool:
        try:
            self.deployment = self.server.deployment(self.deployment["id"])
        except Unreachable:
            if self._missed >= MISSES:
                raise
            return False  # it is tried again where the next lines are asked for
        return self.deployment["state"] not in ON_ITS_WAY

    def _stream(self) -> Iterator[Json]:
        """Until the server ends it: by `end`, or because it is about to stop."""
        for name, data in self._events():
            self._missed = 0
            if name == "lines":
                yield from self._new(data)
            elif name == "end":
                return
        time.sleep(_SOON)

    def _events(self) -> Iterator[tuple[str, list[Json]]]:
        path = f"/deployments/{self.deployment['id']}/log/stream"
        call = self.server.call(path, after=self.last)
        call.headers["Accept"], call.seconds = _EVENT, http.STREAM_SECONDS
        try:
            with http.opened(call) as answer:
                if answer.headers.get_content_type() != _EVENT:
                    raise _NoStream
                yield from _parsed(iter(lambda: answer.readline(_LINE), b""))
        except NotFound:
            raise _NoStream from None  # the next look says if it is the deployment that is gone

    def _looks(self) -> Iterator[Json]:
        pause = self.every or _SOON
        while True:
            before = self.last
            yield from self.now()
            self._missed = 0
            if self._has_ended():
                return
            if not self.every:
                pause = _SOON if self.last > before else min(_LATE, pause * 1.5)
            time.sleep(pause)

    def _new(self, lines: list[Json]) -> Iterator[Json]:
        for line in lines:
            if line["number"] > self.last:
                self.last = line["number"]
                yield line


def _parsed(answer: Iterator[bytes]) -> Iterator[tuple[str, list[Json]]]:
    """Events by name. A broken one is a broken connection."""
    name, data = "", ""
    for raw in answer:
        key, _, value = raw.decode("utf-8", "replace").rstrip("\r\n").partition(": ")
        if key == "event":
            name = value
        elif key == "data":
            data += value
        elif not key and name:
            try:
                yield name, json.loads(data) if name == "lines" else []
            except ValueError:
                raise Unreachable("The stream of the log is broken.") from None
            name, data = "", ""

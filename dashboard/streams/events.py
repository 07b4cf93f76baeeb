"""Server-sent events as bytes.

The format: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.utils import translation

#: Keeps proxies from closing a quiet connection.
HEARTBEAT = b": still here\n\n"
#: How long the browser waits until it connects again.
RETRY = b"retry: 1000\n\n"

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell the browser, made once for all viewers who read the same language."""

    name: str
    #: By language; under "" what is the same in all of them.
    frames: Mapping[str, bytes]

    @classmethod
    def plain(cls, name: str, data: str = "", *, key: int | None = None) -> Self:
        return cls(name, {"": frame(name, data, key=key)})

    @classmethod
    def fragment(cls, render: Callable[[], str], *, key: int | None = None) -> Self:
        """HTML that replaces the element with the same id."""
        frames = {}
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                frames[language] = frame("fragment", render(), key=key)
        return cls("fragment", frames)

    def in_language(self, language: str) -> bytes:
        return self.frames.get(language) or self.frames.get("") or self.frames["en"]


def frame(name: str, data: str = "", *, key: int | None = None) -> bytes:
    """One event. `key` is what the browser sends back as Last-Event-ID."""
    lines = [f"event: {name}"]
    if key is not None:
        lines.append(f"id: {key}")
    lines += [f"data: {line}" for line in _LINE_END.split(data)]
    return ("\n".join(lines) + "\n\n").encode()

"""The stream of what a container prints: one tail of it for everybody who watches."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from functools import partial
from itertools import islice
from time import monotonic
from typing import Any

from django.template.loader import render_to_string

from deployments.adapters import logs
from deployments.errors import EdahaError
from deployments.redaction import Redactor, Stream

from .events import HEARTBEAT, RETRY, Event
from .feed import Feed
from .hub import hub
from .log import Lines, as_event

#: Lines that somebody who comes later still sees.
KEPT = 5_000
#: Seconds between two looks: while something is printed, and when it has been quiet for a while.
SOON, LATE, QUIET_AFTER = 1.0, 5.0, 15.0
#: Answers of CloudWatch that are read at once.
_PARTS = 10
#: Lines in one event.
_BATCH = 1_000
#: Characters of a line that are kept: a browser shows fewer.
_LONGEST = 10_000


async def follow(
    group: str, stream: str, concealed: Redactor, language: str
) -> AsyncGenerator[bytes]:
    """What was printed last, and what follows. Whoever comes again begins anew: numbers of lines
    count from where this tail began."""
    yield RETRY
    async with hub().watch(TailFeed, group, stream, concealed) as (feed, viewer):
        yield Event.plain("reset").in_language(language)
        known, last = feed.known()
        for event in known:
            yield event.in_language(language)
        async for happened in viewer.events():
            if happened is None:
                yield HEARTBEAT
            elif not isinstance(happened, Lines) or happened.first > last:
                yield happened.in_language(language)


class TailFeed(Feed):
    """Reads what is new in one CloudWatch stream."""

    def __init__(
        self, call: Callable[..., Any], group: str, stream: str, concealed: Redactor
    ) -> None:
        self._group, self._stream = group, stream
        self._token = ""  # nosec B105 (a place in a log)
        self._shown: Stream[float] = Stream(concealed)
        self._lines: deque[list[Any]] = deque(maxlen=KEPT)
        self._number = 0
        self._heard_at = monotonic()
        self._problem = ""
        # CloudWatch may take its time: the database's threads are for the database.
        super().__init__(asyncio.to_thread)

    def concerns(self, hint: dict[str, Any]) -> bool:
        return False

    def start(self) -> None:
        self._read_part()

    def read(self) -> list[Event]:
        before, problem = self._number, self._problem
        for _ in range(_PARTS):
            if not self._read_part():
                break
        is_quiet = monotonic() - self._heard_at > QUIET_AFTER
        self.interval = LATE if is_quiet or self._problem else SOON
        events = self._batches(before)
        return [*events, *([self._told()] if self._problem != problem else [])]

    def known(self) -> tuple[list[Event], int]:
        """What a viewer who comes now has to be told, and the number of the last line in it."""
        return [*self._batches(0), self._told()], self._number

    def _read_part(self) -> bool:
        """Whether there was anything."""
        try:
            part = logs.read(self._group, self._stream, self._token)
        except EdahaError as problem:
            self._problem = f"{problem.message} {problem.hint}".strip()
            return False
        self._problem, self._token = "", part.token
        for at, text in part.lines:
            self._keep(self._shown.feed(text, at / 1000))
        if part.lines:
            self._heard_at = monotonic()
        else:
            # What was held for a line to follow is not held for longer.
            self._keep(self._shown.finish())
        return bool(part.lines)

    def _keep(self, lines: list[tuple[str, float]]) -> None:
        self._lines.extend([at, 0, text[:_LONGEST]] for text, at in lines)
        self._number += len(lines)

    def _batches(self, after: int) -> list[Event]:
        """The kept lines behind a number."""
        first = max(after, self._number - len(self._lines)) + 1
        lines = list(islice(self._lines, len(self._lines) - (self._number - first + 1), None))
        return [
            as_event(first + start, lines[start : start + _BATCH], is_kept=False)
            for start in range(0, len(lines), _BATCH)
        ]

    def _told(self) -> Event:
        context = {"problem": self._problem}
        return Event.fragment(partial(render_to_string, "branches/_tail_problem.html", context))

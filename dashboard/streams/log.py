"""The stream of one deployment: its log lines, its steps, its state."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from dashboard import loglines
from dashboard.waiting import standing
from deployments.models import BuildStep, Deployment

from .events import HEARTBEAT, RETRY, Event, frame
from .feed import Feed
from .hub import hub

#: Chunks in one event: enough to send a long log in few pieces, few enough to begin at once.
CHUNKS = 20
#: Seconds between two looks at the steps while lines pour in.
STEPS_EVERY = 0.2
#: A worker may flush its last lines a moment after the deployment has ended.
SETTLED = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Lines(Event):
    """Log lines without a gap; the event's id is the number of the last one."""

    first: int
    last: int


async def follow(deployment_id: int, after: int, language: str) -> AsyncGenerator[bytes]:
    """Every line behind number `after`, once and in order, until the deployment has ended."""
    yield RETRY
    async with hub().watch(LogFeed, deployment_id) as (feed, viewer):
        reader = _Reader(feed, after, language)
        async for part in reader.missing():
            yield part
        for known in tuple(feed.latest.values()):
            yield known.in_language(language)
        if "end" in feed.latest:
            return
        async for event in viewer.events():
            async for part in reader.parts(event):
                yield part
            if event and event.name == "end":
                return


class _Reader:
    """One viewer's place in the log."""

    def __init__(self, feed: "LogFeed", after: int, language: str) -> None:
        self._feed = feed
        self._after = after
        self._language = language

    async def parts(self, event: Event | None) -> AsyncGenerator[bytes]:
        if event is None:
            yield HEARTBEAT
        elif not isinstance(event, Lines):
            yield event.in_language(self._language)
        elif event.first == self._after + 1:
            self._after = event.last
            yield event.in_language(self._language)
        else:
            # It begins elsewhere than this viewer stands.
            async for part in self.missing():
                yield part

    async def missing(self) -> AsyncGenerator[bytes]:
        """What the database has behind this viewer's place."""
        while lines := await self._feed.call(read_lines, self._feed.key, self._after):
            self._after = lines.last
            yield lines.in_language(self._language)


class LogFeed(Feed):
    """Reads what is new in one deployment."""

    def __init__(self, *args: Any) -> None:
        self._position = 0
        self._looked_at = -STEPS_EVERY
        self._seen: dict[str, object] = {}
        #: What a viewer who comes later has to be told first, by its name.
        self.latest: dict[str, Event] = {}
        super().__init__(*args)

    def concerns(self, hint: dict[str, Any]) -> bool:
        return bool(hint.get("deployment") == self.key)

    def start(self) -> None:
        self._position = loglines.last_number(self.key)

    def read(self) -> list[Event]:
        # The state first and the lines after it: when the state says that it has ended, the
        # lines that are read next are the last ones.
        changes, is_over = self._changes()
        lines: list[Event] = []
        while batch := read_lines(self.key, self._position):
            lines.append(batch)
            self._position = batch.last
        if is_over and not lines:
            changes["end"] = Event.plain("end")
        self.latest |= changes
        return [*lines, *changes.values()]

    def _changes(self) -> tuple[dict[str, Event], bool]:
        if monotonic() - self._looked_at < STEPS_EVERY:
            self.interval = STEPS_EVERY
            return {}, False
        self.interval = Feed.interval
        self._looked_at = monotonic()
        deployment = Deployment.objects.filter(pk=self.key).select_related("branch").first()
        if deployment is None:
            return {}, True
        steps = list(deployment.steps.all())
        is_over = (
            not deployment.is_active and timezone.now() - deployment.state_changed_at > SETTLED
        )
        return self._changed_fragments(deployment, steps), is_over

    def _changed_fragments(
        self, deployment: Deployment, steps: list[BuildStep]
    ) -> dict[str, Event]:
        context = {"deployment": deployment, "steps": steps}
        values = {
            "progress": (_values(deployment), standing(deployment)),
            "steps": [_values(step) for step in steps],
            "log_error": deployment.error_line,
        }
        changes = {}
        for name, value in values.items():
            if self._seen.get(name) != value:
                self._seen[name] = value
                template = f"deployments/_{name}.html"
                changes[name] = Event.fragment(partial(render_to_string, template, context))
        return changes


def read_lines(deployment_id: int, after: int) -> Lines | None:
    """The lines behind number `after`, as many as make one event; None if there are none yet."""
    lines: list[list[Any]] = []
    first = 0
    for chunk in loglines.behind(deployment_id, after)[:CHUNKS]:
        if lines and chunk.first > first + len(lines):
            break
        new = chunk.lines[max(0, after + 1 - chunk.first) :]
        if new and not lines:
            first = max(chunk.first, after + 1)
        lines += new
    return as_event(first, lines) if lines else None


def as_event(first: int, lines: list[list[Any]], *, is_kept: bool = True) -> Lines:
    """Lines from number `first` on. Where they are kept, whoever lost the connection goes on
    behind the last one."""
    last = first + len(lines) - 1
    data = loglines.as_json(first, lines)
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Lines("line", {"": frame("line", text, key=last if is_kept else None)}, first, last)


def _values(row: Deployment | BuildStep) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}

"""The streams of the list of previews, of one preview's page, and of the deliveries."""

import json
from collections import deque
from collections.abc import AsyncGenerator
from functools import partial
from time import monotonic
from typing import Any

from django.db.models import F, Max, QuerySet
from django.template.loader import render_to_string

from dashboard.access import Sight
from dashboard.finding import by_tab
from dashboard.lines import columns, html
from dashboard.presentation import (
    page_context,
    preview_details,
)
from dashboard.waiting import standing
from deployments.models import Branch, BuildStep, Delivery, Deployment, Transition

from .events import HEARTBEAT, RETRY, Event
from .feed import Feed
from .hub import hub

#: PostgreSQL gives ids out before their rows can be seen, so a lower one may appear after a
#: higher one: look back that far, and tell a preview's line twice rather than never.
OVERLAP = 20
#: More previews than this changed since the viewer's last event: it loads the list again.
MOST = 300
#: Seconds between two counts while many previews change.
NUMBERS_EVERY = 1.0
#: What changes on a preview's page.
_PARTS = (
    "branches/_head",
    "branches/_deployments",
    "branches/_newest",
    "deployments/_history",
)


async def follow_all(after: int, language: str, sight: Sight) -> AsyncGenerator[bytes]:
    """The line of every preview that changes, as it is now; told twice it does no harm."""
    yield RETRY
    async with hub().watch(BranchesFeed, sight) as (feed, viewer):
        for missed in await feed.call(changed_since, after, sight):
            yield missed.in_language(language)
        yield (await feed.call(feed.numbers)).in_language(language)
        async for event in viewer.events():
            yield event.in_language(language) if event else HEARTBEAT


async def follow_one(branch_id: int, language: str) -> AsyncGenerator[bytes]:
    """One preview's state and deployments."""
    yield RETRY
    async with hub().watch(BranchFeed, branch_id) as (feed, viewer):
        for known in await feed.call(feed.current):
            yield known.in_language(language)
        async for event in viewer.events():
            yield event.in_language(language) if event else HEARTBEAT


async def follow_deliveries(after: int, language: str, sight: Sight) -> AsyncGenerator[bytes]:
    """That there are new deliveries or decisions; the page then loads them.

    `after` is the newest one that the page has: what came since then is new as well.
    """
    yield RETRY
    async with hub().watch(DeliveriesFeed, sight) as (feed, viewer):
        if await feed.call(feed.last) > after:
            yield Event.plain("new").in_language(language)
        async for event in viewer.events():
            yield event.in_language(language) if event else HEARTBEAT


class BranchesFeed(Feed):
    """Its key is a `Sight`: whoever sees the same shares it."""

    pause = 0.05

    def __init__(self, *args: Any) -> None:
        self._position = 0
        self._told: set[int] = set()
        self._hinted: deque[int] = deque()
        self._numbers: dict[str, int] = {}
        self._told_numbers: dict[str, int] = {}
        self._counted_at = self._told_at = -NUMBERS_EVERY
        self._is_due = False
        super().__init__(*args)

    def concerns(self, hint: dict[str, Any]) -> bool:
        branch = hint.get("branch")
        if isinstance(branch, int):
            self._hinted.append(branch)
        # A deployment's moves are told by the history, so that hint only wakes; lines do not.
        return isinstance(branch, int) or ("deployment" in hint and "line" not in hint)

    def start(self) -> None:
        self._position = _last_transition()
        self._told = set(_recent(self._position).values_list("pk", flat=True))

    def read(self) -> list[Event]:
        branches = {self._hinted.popleft() for _ in range(len(self._hinted))}
        moves = dict(_recent(self._position).values_list("pk", "branch"))
        branches |= {branch for pk, branch in moves.items() if pk not in self._told}
        self._position = max([self._position, *moves])
        self._told = set(moves)
        return [
            *line_events(branches, self._position, self.key),
            *self._changed_numbers(bool(branches)),
        ]

    def numbers(self) -> Event:
        """How many previews each tab has, at most a second ago."""
        if monotonic() - self._counted_at >= NUMBERS_EVERY:
            self._count()
        named = {tab or "all": number for tab, number in self._numbers.items()}
        return Event.plain("numbers", json.dumps(named))

    def _changed_numbers(self, has_changed: bool) -> list[Event]:
        self._is_due |= has_changed
        if not self._is_due or monotonic() - self._told_at < NUMBERS_EVERY:
            return []
        self._is_due, self._told_at = False, monotonic()
        before = self._told_numbers
        self._told_numbers = self._count()
        return [self.numbers()] if self._told_numbers != before else []

    def _count(self) -> dict[str, int]:
        self._numbers, self._counted_at = (
            by_tab(self.key.visible(Branch.objects.all())),
            monotonic(),
        )
        return self._numbers


class BranchFeed(Feed):
    pause = 0.05

    def __init__(self, *args: Any) -> None:
        self._seen: object = None
        super().__init__(*args)

    def concerns(self, hint: dict[str, Any]) -> bool:
        return hint.get("branch") == self.key or ("deployment" in hint and "line" not in hint)

    def start(self) -> None:
        self._seen = self._values()

    def read(self) -> list[Event]:
        before, self._seen = self._seen, self._values()
        return self.current() if self._seen != before else []

    def current(self) -> list[Event]:
        """The page's changing parts as they are now."""
        branch = preview_details().get(pk=self.key)
        context = page_context(branch)
        return [
            Event.fragment(partial(render_to_string, f"{part}.html", context)) for part in _PARTS
        ]

    def _values(self) -> object:
        moves = Transition.objects.filter(branch=self.key).aggregate(last=Max("pk"))
        newest = Deployment.objects.filter(branch=self.key, branch__deployment=F("pk")).first()
        ended = BuildStep.objects.filter(deployment=newest, completed_at__isnull=False).count()
        branch = Branch.objects.filter(pk=self.key).values().first()
        return moves, branch, standing(newest), ended


class DeliveriesFeed(Feed):
    #: What a first page shows.
    shown = 50
    pause = 0.5

    def __init__(self, *args: Any) -> None:
        self._seen: object = None
        super().__init__(*args)

    def concerns(self, hint: dict[str, Any]) -> bool:
        return "delivery" in hint

    def start(self) -> None:
        self._seen = self._values()

    def read(self) -> list[Event]:
        before, self._seen = self._seen, self._values()
        return [Event.plain("new")] if self._seen != before else []

    def last(self) -> int:
        """The newest delivery that may be seen."""
        return self._visible().aggregate(last=Max("pk"))["last"] or 0

    def _visible(self) -> QuerySet[Delivery]:
        shown: QuerySet[Delivery] = self.key.visible(Delivery.objects.all())
        return shown

    def _values(self) -> object:
        newest = self._visible().order_by("-id")[: self.shown]
        return list(newest.values_list("pk", "state", "decision"))


def changed_since(transition: int, sight: Sight) -> list[Event]:
    """The lines of all previews that changed since a transition; or that there are too many."""
    last = _last_transition()
    branches = set(_recent(transition).values_list("branch", flat=True)[: MOST + 1])
    if len(branches) > MOST:
        return [Event.plain("reload", key=last)]
    return line_events(branches, last, sight)


def line_events(branch_ids: set[int], transition: int, sight: Sight) -> list[Event]:
    """One event for each line; the last one carries the id, so that a broken batch comes again."""
    rows = list(columns(sight.visible(Branch.objects.filter(pk__in=branch_ids))))
    return [
        Event.fragment(partial(html, row), key=transition if number == len(rows) else None)
        for number, row in enumerate(rows, start=1)
    ]


def _recent(position: int) -> QuerySet[Transition]:
    return Transition.objects.filter(pk__gt=position - OVERLAP).order_by()


def _last_transition() -> int:
    return Transition.objects.aggregate(last=Max("pk"))["last"] or 0

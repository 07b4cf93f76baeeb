"""A deployment's steps beside each other in time, as bars of a waterfall."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from deployments.models import BuildStep, Deployment

#: The width of the whole, in the picture's own units; no bar is thinner than one can see.
WIDTH, _THINNEST = 1000, 6


class Bar(NamedTuple):
    """One step with its place in the picture; no place where it has not begun."""

    step: BuildStep
    x: int
    width: int
    #: done, cached, failed, running or waiting
    kind: str
    is_longest: bool


def bars(deployment: Deployment, steps: Iterable[BuildStep]) -> list[Bar]:
    """In the order of the steps' numbers."""
    rows = list(steps)
    now = timezone.now() if deployment.is_active else deployment.finished_at or timezone.now()
    spans = {step.pk: _span(step, now) for step in rows}
    known = [span for span in spans.values() if span]
    if not known:
        return [Bar(step, 0, 0, "waiting", False) for step in rows]
    first = min(begin for begin, _end in known)
    whole = max((max(end for _begin, end in known) - first).total_seconds(), 0.001)
    longest = max(known, key=lambda span: span[1] - span[0])
    return [_bar(step, spans[step.pk], first, whole, longest) for step in rows]


Span = tuple[datetime, datetime]


def _span(step: BuildStep, now: datetime) -> Span | None:
    if step.started_at is None:
        return None
    return step.started_at, max(step.completed_at or now, step.started_at)


def _bar(step: BuildStep, span: Span | None, first: datetime, whole: float, longest: Span) -> Bar:
    if span is None:
        return Bar(step, 0, 0, "waiting", False)
    x = round(WIDTH * (span[0] - first).total_seconds() / whole)
    width = max(_THINNEST, round(WIDTH * (span[1] - span[0]).total_seconds() / whole))
    return Bar(step, min(x, WIDTH - _THINNEST), min(width, WIDTH), _kind(step), span == longest)


def _kind(step: BuildStep) -> str:
    if step.error:
        return "failed"
    if step.completed_at is None:
        return "running"
    return "cached" if step.cached else "done"

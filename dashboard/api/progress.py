"""How far a deployment has come, and its log as it is written: for whoever waits in a terminal."""

import json
from collections.abc import AsyncGenerator
from datetime import datetime
from itertools import islice

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Field, Query, Schema

from dashboard.estimates import estimate
from dashboard.streams.events import HEARTBEAT, RETRY, Event, frame
from dashboard.streams.hub import hub
from dashboard.streams.log import Lines, LogFeed
from dashboard.streams.response import events
from dashboard.waiting import standing
from deployments.models import Deployment
from deployments.states import DeploymentState

from . import logs
from .operations import READING, Key, api, deployment_of
from .schemas import LogQuery

#: Lines in one event: enough to send a long log in few pieces.
_AT_ONCE = 2000


class StepOut(Schema):
    """One step of the build, or one of Edaha's own around it."""

    number: int
    name: str
    started_at: datetime | None
    completed_at: datetime | None
    cached: bool
    error: str = Field(description="Empty unless it failed.")


class ProgressOut(Schema):
    """How far a deployment has come."""

    id: int
    state: DeploymentState
    waiting_for: str = Field(description="As a deployment tells it.")
    step: int = Field(description="The step under way, counted from 1; 0 where unknown.")
    of: int = Field(description="How many there will be, as far as is known; 0 where it is not.")
    percent: int | None = Field(description="Of the whole way; null where that is unknown.")
    ends_at: datetime | None = Field(
        description="When it should be live, by the last deployments that went well."
    )
    steps: list[StepOut]


@api.get(
    "/deployments/{deployment_id}/progress",
    response=READING | {200: ProgressOut},
    summary="How far a deployment has come",
)
def get_progress(request: HttpRequest, deployment_id: Key) -> ProgressOut:
    return _progress(deployment_of(request, deployment_id))


@api.get(
    "/deployments/{deployment_id}/log/stream",
    response=READING | {200: str},
    summary="A deployment's log as it is written",
    description="Server-sent events, until the deployment has ended: `lines` (the log's lines as "
    "JSON; the event's id is the last one's number), `progress`, and `end`. Whoever lost the "
    "connection goes on with `Last-Event-ID` or `after`.",
    openapi_extra={
        "responses": {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}
    },
)
def stream_log(
    request: HttpRequest, deployment_id: Key, query: Query[LogQuery]
) -> StreamingHttpResponse:
    deployment = deployment_of(request, deployment_id)
    seen = request.headers.get("Last-Event-ID", "")
    after = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else query.after
    return events(_follow(deployment.pk, after))


async def _follow(deployment: int, after: int) -> AsyncGenerator[bytes]:
    """Every line behind number `after`, once and in order; the progress whenever it changes."""
    yield RETRY
    async with hub().watch(LogFeed, deployment) as (feed, viewer):
        while lines := await feed.call(_lines, deployment, after):
            after, part = lines
            yield part
        yield (told := await feed.call(_told, deployment))
        if "end" in feed.latest:
            yield frame("end")
            return
        async for event in viewer.events():
            while _tells_of_lines(event) and (lines := await feed.call(_lines, deployment, after)):
                after, part = lines
                yield part
            if event is None:
                yield HEARTBEAT
            elif event.name == "end":
                yield frame("end")
                return
            elif (now := await feed.call(_told, deployment)) != told:
                told = now
                yield told


def _tells_of_lines(event: Event | None) -> bool:
    return isinstance(event, Lines) or (event is not None and event.name == "end")


def _lines(deployment: int, after: int) -> tuple[int, bytes] | None:
    found = [line.dict() for line in islice(logs.lines(deployment, after), _AT_ONCE)]
    if not found:
        return None
    last = int(found[-1]["number"])
    return last, frame("lines", json.dumps(found, ensure_ascii=False), key=last)


def _told(deployment: int) -> bytes:
    row = Deployment.objects.filter(pk=deployment).select_related("branch").first()
    return frame("progress", _progress(row).model_dump_json() if row else "null")


def _progress(deployment: Deployment) -> ProgressOut:
    known, place = estimate(deployment), standing(deployment)
    steps = [StepOut.from_orm(step) for step in deployment.steps.all()]
    return ProgressOut(
        id=deployment.pk,
        state=DeploymentState(deployment.state),
        waiting_for=place.waiting_for if place else "",
        step=known.step if known else 0,
        of=known.steps if known else 0,
        percent=known.percent if known else None,
        ends_at=known.ends_at if known else None,
        steps=steps,
    )

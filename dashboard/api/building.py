"""The operations about a deployment's log."""

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Schema

from dashboard import loglines

from . import logs
from .operations import READING, Key, api, deployment_of
from .schemas import LogLine, LogQuery, Text


class PartQuery(LogQuery):
    limit: int | None = Field(
        None, ge=1, le=1_000_000, description="The most lines to give; all where it is not named."
    )


class LogSearch(LogQuery):
    q: Text = Field(
        min_length=1, max_length=200, description="What to look for, in upper case or lower."
    )


class FoundOut(Schema):
    """Where some words stand in a log."""

    lines: list[int] = Field(description="Numbers of the lines, in order; 20,000 at most.")
    total: int = Field(description="How many there are, those that are not told included.")
    last: int = Field(description="The last line that was looked at: a later search's `after`.")


@api.get(
    "/deployments/{deployment_id}/log",
    response=READING | {200: list[LogLine]},
    summary="A deployment's log",
    description="Plain text without escape sequences; JSON where Accept asks for it.",
    openapi_extra=logs.DESCRIPTION,
)
def get_log(request: HttpRequest, deployment_id: Key, query: Query[PartQuery]) -> HttpResponse:
    deployment = deployment_of(request, deployment_id)
    if request.get_preferred_type(["text/plain", "application/json"]) == "application/json":
        return logs.as_json(deployment, query.after, query.limit)
    return logs.as_text(deployment, query.after, query.limit)


@api.get(
    "/deployments/{deployment_id}/log/search",
    response=READING | {200: FoundOut},
    summary="Where words stand in a deployment's log",
)
def search_log(request: HttpRequest, deployment_id: Key, query: Query[LogSearch]) -> loglines.Found:
    return loglines.search(deployment_of(request, deployment_id).pk, query.q, query.after)

"""The operations for operators: how the installation's parts are, what waits, what differs."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Schema, Status

from dashboard import health, told
from dashboard.access import EVERYTHING, Role
from dashboard.overview.views import waiting
from deployments import audit, reconcile
from deployments.models import Orphan, Pulse, Reconciliation

from .operations import ERRORS, READING, api
from .paging import page
from .schemas import PageQuery
from .tokens import OPERATOR, access, actor, refusal


class Finding(Schema):
    """What was not as it should be."""

    what: str
    done: str


class ReconciliationOut(Schema):
    """One comparison of what is wanted with what is: git, GitHub, AWS."""

    id: int
    asked_by: str = Field(description="Empty where the clock asked.")
    started_at: datetime
    finished_at: datetime | None = Field(description="Null while it runs.")
    counts: dict[str, int] = Field(description="What was looked at: name → number.")
    findings: list[Finding]
    problems: list[str] = Field(description="What could not be compared, and why.")


class PartOut(Schema):
    """One part of the installation."""

    name: str
    is_well: bool
    problem: str = Field(description="Empty where it is well.")


class WaitingOut(Schema):
    """A deployment that waits for its turn."""

    deployment: int = Field(description="The deployment's id.")
    branch: int = Field(description="The branch's id.")
    repository: str
    position: int = Field(description="Counted from 1 among all that wait.")
    waiting_for: str
    since: datetime


class WorkerOut(Schema):
    """Workers of one kind: whether they take what they are given."""

    part: str = Field(description="`control` or `build`.")
    at: datetime | None = Field(description="Their last sign of life.")
    asked_at: datetime | None = Field(description="When they were asked for one last.")


class OutboxOut(Schema):
    """What GitHub has still to be told."""

    length: int
    failing: int = Field(description="Of these, what could not be told at the last try.")
    oldest: datetime | None = Field(description="Since when the first of them waits.")


class OrphanOut(Schema):
    """Something in AWS with this installation's tags that stands for nothing any more."""

    id: int
    kind: str
    arn: str
    first_seen_at: datetime
    removed_at: datetime | None
    error: str = Field(description="Why the last try to remove it failed.")


@api.get(
    "/system",
    auth=OPERATOR,
    response=READING | {200: list[PartOut]},
    summary="How the installation's parts are",
)
def get_system(request: HttpRequest) -> list[health.Part]:
    return health.parts()


@api.get(
    "/workers",
    auth=OPERATOR,
    response=READING | {200: list[WorkerOut]},
    summary="The workers' last signs of life",
)
def list_workers(request: HttpRequest) -> list[Pulse]:
    return list(Pulse.objects.filter(part__in=(Pulse.Part.CONTROL, Pulse.Part.BUILD)))


@api.get(
    "/queue",
    auth=OPERATOR,
    response=READING | {200: list[WaitingOut]},
    summary="Deployments that wait, in the order of their places",
    description="Places are counted among all; those of repositories that are not to be seen are "
    "left out.",
)
def list_queue(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {
            "deployment": deployment.pk,
            "branch": deployment.branch_id,
            "repository": deployment.branch.repository.full_name,
            "position": place.position,
            "waiting_for": place.waiting_for,
            "since": deployment.created_at,
        }
        for deployment, place in waiting(access(request))
    ]


@api.get(
    "/outbox",
    auth=OPERATOR,
    response=READING | {200: OutboxOut},
    summary="What GitHub has still to be told",
)
def get_outbox(request: HttpRequest) -> told.Outbox:
    return told.outbox()


@api.get(
    "/orphans",
    auth=OPERATOR,
    response=READING | {200: list[OrphanOut]},
    summary="What nobody owns in AWS, newest first",
    description="Removed ones included. For those who see every repository.",
)
def list_orphans(
    request: HttpRequest, response: HttpResponse, query: Query[PageQuery]
) -> list[Orphan]:
    _check_sees_all(request)
    return page(Orphan.objects.all(), query, request, response, newest_first=True)


@api.get(
    "/reconciliations",
    auth=OPERATOR,
    response=READING | {200: list[ReconciliationOut]},
    summary="Comparisons of what is wanted with what is, newest first",
)
def list_reconciliations(
    request: HttpRequest, response: HttpResponse, query: Query[PageQuery]
) -> list[Reconciliation]:
    _check_sees_all(request)
    return page(Reconciliation.objects.all(), query, request, response, newest_first=True)


@api.post(
    "/reconciliations",
    auth=OPERATOR,
    response=ERRORS | {202: ReconciliationOut},
    summary="Compare now what is wanted with what is",
    description="Where a comparison runs already, the answer is that one.",
)
def compare(request: HttpRequest) -> Status[Reconciliation]:
    asked = reconcile.ask(actor(request))
    audit.note("installation.compare", "", actor=actor(request), after={"pass": asked.pk})
    if access(request).sight != EVERYTHING:
        asked.findings, asked.problems = [], []
    return Status(202, asked)


def _check_sees_all(request: HttpRequest) -> None:
    """What was found names previews, also those of private repositories."""
    if access(request).sight != EVERYTHING:
        raise refusal(Role.ADMIN)

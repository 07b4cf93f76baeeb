"""What GitHub was told of a preview, or why not; and how much is still to be told."""

from datetime import datetime
from typing import NamedTuple

from django.contrib import messages
from django.db.models import Max, Min, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from deployments import announcing, audit, homes
from deployments.models import Branch, Outgoing, Repository

from .access import Role, requires


class Told(NamedTuple):
    #: When something was told last; None where nothing was yet.
    at: datetime | None
    #: What waits to be told, without a problem.
    waiting: int
    #: What could not be told: each problem once.
    problems: list[tuple[str, str]]


class Outbox(NamedTuple):
    """What all repositories together still have to tell."""

    length: int
    oldest: datetime | None
    failing: int


@require_POST
@requires(Role.DEPLOYER, of=Branch)
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell everything of the preview anew, without waiting for the next try."""
    branch = get_object_or_404(Branch.objects.select_related("repository"), pk=pk)
    number = announcing.retold(branch)
    audit.note("github.tell", branch, actor=request.user.get_username(), after={"told": number})
    messages.success(request, _("GitHub is told once more."))
    return redirect("branch", pk)


def of_branch(branch: Branch) -> Told | None:
    """None where GitHub is told nothing of it."""
    return _told(Outgoing.objects.filter(branch=branch))


def of_repository(repository: Repository) -> Told | None:
    """None where it is not on GitHub, or nothing was told of it."""
    if not homes.is_told_of(repository):
        return None
    return _told(Outgoing.objects.filter(repository=repository))


def outbox() -> Outbox:
    rows = Outgoing.objects.filter(done_at=None)
    oldest = rows.aggregate(at=Min("asked_at"))["at"]
    return Outbox(rows.count(), oldest, rows.exclude(problem="").count())


def _told(rows: QuerySet[Outgoing]) -> Told | None:
    at = rows.aggregate(at=Max("told_at"))["at"]
    undone = rows.filter(done_at=None)
    waiting = undone.filter(problem="").count()
    found = rows.exclude(problem="").order_by("problem").values_list("problem", "hint").distinct()
    problems = list(found[:5])
    return Told(at, waiting, problems) if at or waiting or problems else None

"""The operations that read rows; those that wish something are in `wishes`."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Query

from dashboard.access import Role
from deployments.models import (
    Approval,
    Branch,
    Deployment,
    Outgoing,
    Repository,
)

from .approvals import ApprovalOut
from .description import DescribedAPI
from .paging import page
from .parameters import refuse_unknown_parameters
from .problems import Problem, handle_errors
from .repeating import answer_once
from .reports import ReportOut
from .schemas import (
    BranchOut,
    DeploymentOut,
    Id,
    PageQuery,
    RepositoryOut,
)
from .tokens import VIEWER, access, refusal

api = DescribedAPI(
    title="Edaha",
    version="1",
    description="Every branch of a web application gets its own running copy on Amazon ECS.",
    docs_url=None,
    urls_namespace="api",
    auth=VIEWER,
)
api.add_decorator(answer_once)
api.add_decorator(refuse_unknown_parameters)
handle_errors(api)

Key = Path[Id]
ERRORS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 405, 409, 422, 429, 503), Problem)
READING: dict[int, Any] = dict.fromkeys((401, 403, 404, 405, 422, 429), Problem)


@api.get("/branches/{branch_id}", response=READING | {200: BranchOut}, summary="One branch")
def get_branch(request: HttpRequest, branch_id: Key) -> Branch:
    return branch_of(request, branch_id)


@api.get(
    "/branches/{branch_id}/deployments",
    response=READING | {200: list[DeploymentOut]},
    summary="A branch's deployments, newest first",
)
def list_deployments(
    request: HttpRequest, response: HttpResponse, branch_id: Key, query: Query[PageQuery]
) -> list[Deployment]:
    rows = _deployments().filter(branch=branch_of(request, branch_id))
    return page(rows, query, request, response, newest_first=True)


@api.get(
    "/branches/{branch_id}/approvals",
    response=READING | {200: list[ApprovalOut]},
    summary="Commits of a fork that were approved, newest first",
)
def list_approvals(
    request: HttpRequest, response: HttpResponse, branch_id: Key, query: Query[PageQuery]
) -> list[Approval]:
    rows = Approval.objects.filter(branch=branch_of(request, branch_id))
    return page(rows, query, request, response, newest_first=True)


@api.get(
    "/branches/{branch_id}/reports",
    response=READING | {200: list[ReportOut]},
    summary="What GitHub is told of a branch",
)
def list_reports(
    request: HttpRequest, response: HttpResponse, branch_id: Key, query: Query[PageQuery]
) -> list[Outgoing]:
    rows = Outgoing.objects.filter(branch=branch_of(request, branch_id))
    return page(rows, query, request, response)


@api.get(
    "/deployments/{deployment_id}",
    response=READING | {200: DeploymentOut},
    summary="One deployment",
)
def get_deployment(request: HttpRequest, deployment_id: Key) -> Deployment:
    return deployment_of(request, deployment_id)


@api.get(
    "/repositories", response=READING | {200: list[RepositoryOut]}, summary="Known repositories"
)
def list_repositories(
    request: HttpRequest, response: HttpResponse, query: Query[PageQuery]
) -> list[Repository]:
    return page(access(request).visible(Repository.objects.all()), query, request, response)


def branches(rows: QuerySet[Branch]) -> QuerySet[Branch]:
    """With all that is told of them, in as many queries for one as for many."""
    parts = ("deployment__builds", "deployment__services", "live__builds", "live__services")
    one = ("repository", "deployment__image_set", "live__image_set")
    return rows.select_related(*one).prefetch_related(*parts)


def _deployments() -> Any:
    rows = Deployment.objects.select_related("image_set")
    return rows.prefetch_related("builds", "services")


def branch_of(request: HttpRequest, branch_id: int, role: Role = Role.VIEWER) -> Branch:
    """The branch with that id, for whoever has that role in its repository.

    404 where it is not to be seen, 403 where it is and the role is a lower one.
    """
    branch: Branch = get_object_or_404(
        access(request).visible(branches(Branch.objects.all())), pk=branch_id
    )
    check_role(request, branch.repository_id, role)
    return branch


def deployment_of(request: HttpRequest, deployment_id: int, role: Role = Role.VIEWER) -> Deployment:
    """The deployment with that id, by the same rules."""
    shown = access(request).visible(_deployments().select_related("branch__repository"))
    deployment: Deployment = get_object_or_404(shown, pk=deployment_id)
    check_role(request, deployment.branch.repository_id, role)
    return deployment


def check_role(request: HttpRequest, repository: int | None, role: Role) -> None:
    """Refuse whoever has a lower role inside the repository of that id."""
    held = access(request).inside(repository)
    if held is None or held < role:
        raise refusal(role)

"""The operations that read rows; those that wish something are in `wishes`."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Query

from dashboard import comparison
from dashboard.access import Role
from deployments.models import (
    ApiToken,
    Approval,
    Branch,
    Delivery,
    Deployment,
    Reconciliation,
    Repository,
)

from . import logs
from .approvals import ApprovalOut
from .description import DescribedAPI
from .paging import page
from .parameters import refuse_unknown_parameters
from .problems import Problem, handle_errors
from .schemas import (
    BranchOut,
    BranchQuery,
    DefinitionOut,
    DeliveryOut,
    DeliveryWithPayload,
    DeploymentOut,
    Guid,
    Id,
    LogLine,
    LogQuery,
    PageQuery,
    ReconciliationOut,
    RepositoryOut,
)
from .tokens import DEPLOYER, VIEWER

api = DescribedAPI(
    title="Edaha",
    version="1",
    description="Every branch of a web application gets its own running copy on Amazon ECS.",
    docs_url=None,
    urls_namespace="api",
    auth=VIEWER,
)
api.add_decorator(refuse_unknown_parameters)
handle_errors(api)

Key = Path[Id]
ERRORS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 405, 409, 422, 503), Problem)
READING: dict[int, Any] = dict.fromkeys((401, 403, 404, 405, 422), Problem)


@api.get("/branches", response=READING | {200: list[BranchOut]}, summary="Branches, oldest first")
def list_branches(
    request: HttpRequest, response: HttpResponse, query: Query[BranchQuery]
) -> list[Branch]:
    rows = _branches()
    if query.repository:
        rows = rows.filter(repository__full_name__iexact=query.repository)
    if query.state:
        rows = rows.filter(state__in=query.state)
    return page(rows, query, request, response)


@api.get("/branches/{branch_id}", response=READING | {200: BranchOut}, summary="One branch")
def get_branch(request: HttpRequest, branch_id: Key) -> Branch:
    return branch_of(branch_id)


@api.get(
    "/branches/{branch_id}/deployments",
    response=READING | {200: list[DeploymentOut]},
    summary="A branch's deployments, newest first",
)
def list_deployments(
    request: HttpRequest, response: HttpResponse, branch_id: Key, query: Query[PageQuery]
) -> list[Deployment]:
    rows = _deployments().filter(branch=branch_of(branch_id))
    return page(rows, query, request, response, newest_first=True)


@api.get(
    "/branches/{branch_id}/approvals",
    response=READING | {200: list[ApprovalOut]},
    summary="Commits of a fork that were approved, newest first",
)
def list_approvals(
    request: HttpRequest, response: HttpResponse, branch_id: Key, query: Query[PageQuery]
) -> list[Approval]:
    rows = Approval.objects.filter(branch=branch_of(branch_id))
    return page(rows, query, request, response, newest_first=True)


@api.get(
    "/deployments/{deployment_id}",
    response=READING | {200: DeploymentOut},
    summary="One deployment",
)
def get_deployment(request: HttpRequest, deployment_id: Key) -> Deployment:
    return deployment_of(deployment_id)


@api.get(
    "/deployments/{deployment_id}/definitions",
    response=READING | {200: list[DefinitionOut]},
    summary="What ECS was told",
    description="Values of environment variables are shown to tokens that may deploy.",
)
def get_definitions(request: HttpRequest, deployment_id: Key) -> list[dict[str, Any]]:
    deployment = get_object_or_404(Deployment, pk=deployment_id)
    token = getattr(request, "auth", None)
    role = Role.named(token.role) if isinstance(token, ApiToken) else None
    may_see_values = (role or 0) >= Role.DEPLOYER
    return comparison.told(deployment, with_values=may_see_values)


@api.get(
    "/deployments/{deployment_id}/log",
    response=READING | {200: list[LogLine]},
    summary="A deployment's log",
    description="Plain text without escape sequences; JSON where Accept asks for it.",
    openapi_extra=logs.DESCRIPTION,
)
def get_log(request: HttpRequest, deployment_id: Key, query: Query[LogQuery]) -> HttpResponse:
    deployment = get_object_or_404(Deployment, pk=deployment_id)
    if request.get_preferred_type(["text/plain", "application/json"]) == "application/json":
        return logs.as_json(deployment, query.after)
    return logs.as_text(deployment, query.after)


@api.get(
    "/repositories", response=READING | {200: list[RepositoryOut]}, summary="Known repositories"
)
def list_repositories(
    request: HttpRequest, response: HttpResponse, query: Query[PageQuery]
) -> list[Repository]:
    return page(Repository.objects.all(), query, request, response)


@api.get(
    "/deliveries",
    auth=DEPLOYER,
    response=READING | {200: list[DeliveryOut]},
    summary="Webhooks, newest first",
)
def list_deliveries(
    request: HttpRequest, response: HttpResponse, query: Query[PageQuery]
) -> list[Delivery]:
    rows = Delivery.objects.select_related("repository").defer("payload")
    return page(rows, query, request, response, newest_first=True)


@api.get(
    "/deliveries/{guid}",
    auth=DEPLOYER,
    response=READING | {200: DeliveryWithPayload},
    summary="One webhook with its payload",
)
def get_delivery(request: HttpRequest, guid: Path[Guid]) -> Delivery:
    return get_object_or_404(Delivery.objects.select_related("repository"), guid=guid.lower())


@api.get(
    "/reconciliations",
    auth=DEPLOYER,
    response=READING | {200: list[ReconciliationOut]},
    summary="Comparisons of what is wanted with what is, newest first",
)
def list_reconciliations(
    request: HttpRequest, response: HttpResponse, query: Query[PageQuery]
) -> list[Reconciliation]:
    return page(Reconciliation.objects.all(), query, request, response, newest_first=True)


def _branches() -> Any:
    parts = ("deployment__builds", "deployment__services", "live__builds", "live__services")
    rows = Branch.objects.select_related("repository", "deployment", "live")
    return rows.prefetch_related(*parts)


def _deployments() -> Any:
    return Deployment.objects.prefetch_related("builds", "services")


def branch_of(branch_id: int) -> Branch:
    """The branch with that id, or the answer 404."""
    branch: Branch = get_object_or_404(_branches(), pk=branch_id)
    return branch


def deployment_of(deployment_id: int) -> Deployment:
    """The deployment with that id, or the answer 404."""
    deployment: Deployment = get_object_or_404(_deployments(), pk=deployment_id)
    return deployment

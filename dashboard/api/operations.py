"""The operations that read rows; those that wish something are in `wishes`."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Query

from dashboard import comparison
from dashboard.access import EVERYTHING, Role
from deployments.models import (
    Approval,
    Branch,
    Delivery,
    Deployment,
    Outgoing,
    Reconciliation,
    Repository,
)

from . import logs
from .approvals import ApprovalOut
from .description import DescribedAPI
from .paging import page
from .parameters import refuse_unknown_parameters
from .problems import Problem, handle_errors
from .repeating import answer_once
from .reports import ReportOut
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
from .tokens import DEPLOYER, OPERATOR, VIEWER, access, refusal

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


@api.get("/branches", response=READING | {200: list[BranchOut]}, summary="Branches, oldest first")
def list_branches(
    request: HttpRequest, response: HttpResponse, query: Query[BranchQuery]
) -> list[Branch]:
    rows = access(request).visible(_branches())
    if query.repository:
        rows = rows.filter(repository__full_name__iexact=query.repository)
    if query.name is not None:
        rows = rows.filter(name=query.name)
    if query.state:
        rows = rows.filter(state__in=query.state)
    return page(rows, query, request, response)


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
    "/deployments/{deployment_id}/definitions",
    response=READING | {200: list[DefinitionOut]},
    summary="What ECS was told",
    description="Values of environment variables are shown to tokens that may deploy.",
)
def get_definitions(request: HttpRequest, deployment_id: Key) -> list[dict[str, Any]]:
    deployment = deployment_of(request, deployment_id)
    held = access(request).inside(deployment.branch.repository_id)
    may_see_values = (held or 0) >= Role.DEPLOYER
    return comparison.told(deployment, with_values=may_see_values)


@api.get(
    "/deployments/{deployment_id}/log",
    response=READING | {200: list[LogLine]},
    summary="A deployment's log",
    description="Plain text without escape sequences; JSON where Accept asks for it.",
    openapi_extra=logs.DESCRIPTION,
)
def get_log(request: HttpRequest, deployment_id: Key, query: Query[LogQuery]) -> HttpResponse:
    deployment = deployment_of(request, deployment_id)
    if request.get_preferred_type(["text/plain", "application/json"]) == "application/json":
        return logs.as_json(deployment, query.after)
    return logs.as_text(deployment, query.after)


@api.get(
    "/repositories", response=READING | {200: list[RepositoryOut]}, summary="Known repositories"
)
def list_repositories(
    request: HttpRequest, response: HttpResponse, query: Query[PageQuery]
) -> list[Repository]:
    return page(access(request).visible(Repository.objects.all()), query, request, response)


@api.get(
    "/deliveries",
    auth=DEPLOYER,
    response=READING | {200: list[DeliveryOut]},
    summary="Webhooks, newest first",
)
def list_deliveries(
    request: HttpRequest, response: HttpResponse, query: Query[PageQuery]
) -> list[Delivery]:
    known = Delivery.objects.select_related("repository").defer("payload")
    rows = access(request).visible(known)
    return page(rows, query, request, response, newest_first=True)


@api.get(
    "/deliveries/{guid}",
    auth=DEPLOYER,
    response=READING | {200: DeliveryWithPayload},
    summary="One webhook with its payload",
)
def get_delivery(request: HttpRequest, guid: Path[Guid]) -> Delivery:
    return delivery_of(request, guid)


@api.get(
    "/reconciliations",
    auth=OPERATOR,
    response=READING | {200: list[ReconciliationOut]},
    summary="Comparisons of what is wanted with what is, newest first",
)
def list_reconciliations(
    request: HttpRequest, response: HttpResponse, query: Query[PageQuery]
) -> list[Reconciliation]:
    if access(request).sight != EVERYTHING:
        # What was found names previews, also those of private repositories.
        raise refusal(Role.ADMIN)
    return page(Reconciliation.objects.all(), query, request, response, newest_first=True)


def _branches() -> Any:
    parts = ("deployment__builds", "deployment__services", "live__builds", "live__services")
    one = ("repository", "deployment__image_set", "live__image_set")
    return Branch.objects.select_related(*one).prefetch_related(*parts)


def _deployments() -> Any:
    rows = Deployment.objects.select_related("image_set")
    return rows.prefetch_related("builds", "services")


def branch_of(request: HttpRequest, branch_id: int, role: Role = Role.VIEWER) -> Branch:
    """The branch with that id, for whoever has that role in its repository.

    404 where it is not to be seen, 403 where it is and the role is a lower one.
    """
    branch: Branch = get_object_or_404(access(request).visible(_branches()), pk=branch_id)
    check_role(request, branch.repository_id, role)
    return branch


def deployment_of(request: HttpRequest, deployment_id: int, role: Role = Role.VIEWER) -> Deployment:
    """The deployment with that id, by the same rules."""
    shown = access(request).visible(_deployments().select_related("branch__repository"))
    deployment: Deployment = get_object_or_404(shown, pk=deployment_id)
    check_role(request, deployment.branch.repository_id, role)
    return deployment


def delivery_of(request: HttpRequest, guid: str) -> Delivery:
    """The delivery of that GUID, for whoever may deploy in its repository."""
    shown = access(request).visible(Delivery.objects.select_related("repository"))
    delivery: Delivery = get_object_or_404(shown, guid=guid.lower())
    check_role(request, delivery.repository_id, Role.DEPLOYER)
    return delivery


def check_role(request: HttpRequest, repository: int | None, role: Role) -> None:
    """Refuse whoever has a lower role inside the repository of that id."""
    held = access(request).inside(repository)
    if held is None or held < role:
        raise refusal(role)

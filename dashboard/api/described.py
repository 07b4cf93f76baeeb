"""The operations about what a deployment consists of: what ECS was told, what changed since the one
before, its environment, its price, its picture."""

from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from ninja import Field, Schema

from dashboard import comparison, environment
from dashboard.access import Role
from dashboard.comparison import Comparison
from dashboard.environment import Variable
from deployments.config import config
from deployments.definitions.diff import Entry
from deployments.models import Deployment, Screenshot

from . import problems
from .operations import READING, Key, api, deployment_of
from .tokens import access


class DefinitionOut(Schema):
    """What ECS was told of one service, in AWS's own words."""

    service: str
    task_definition: dict[str, Any] = Field(description="RegisterTaskDefinition's arguments.")
    service_definition: dict[str, Any] = Field(description="CreateService's arguments.")
    changes: list[dict[str, Any]] = Field(
        description="What Edaha changed of what the application's files say."
    )


class CommitOut(Schema):
    commit: str
    author: str
    subject: str
    at: int = Field(description="Seconds since 1970.")


class EntryOut(Schema):
    """One difference between two definitions."""

    kind: str = Field(description="`added`, `removed` or `changed`.")
    path: str = Field(description="Such as `taskDefinition.containerDefinitions[app].cpu`.")
    before: Any = None
    after: Any = None


class ServiceChanges(Schema):
    service: str
    since_previous: list[EntryOut] | None = Field(
        description="Null where the deployment before had no such service."
    )
    since_default: list[EntryOut] | None = Field(
        description="Against the default branch's files; null where they have no such service."
    )


class ChangesOut(Schema):
    """What is new in a deployment."""

    previous: int | None = Field(description="The deployment before that had definitions.")
    previous_commit: str = Field(description="Of the deployment before; empty where none was.")
    commits: list[CommitOut] = Field(description="The newest ones that came since.")
    commits_count: int = Field(description="How many there are of them.")
    services: list[ServiceChanges] = Field(description="Empty until everything is built.")


class VariableOut(Schema):
    service: str
    container: str
    name: str
    is_secret: bool


class CostOut(Schema):
    a_day: float | None = Field(description="Null where no price is known of something in it.")
    currency: str = Field(description="Empty where the operator set no prices (EDAHA_PRICES).")


@api.get(
    "/deployments/{deployment_id}/definitions",
    response=READING | {200: list[DefinitionOut]},
    summary="What ECS was told",
    description="Values of environment variables are shown to tokens that may deploy.",
)
def get_definitions(request: HttpRequest, deployment_id: Key) -> list[dict[str, Any]]:
    deployment = deployment_of(request, deployment_id)
    return comparison.told(deployment, with_values=_may_see_values(request, deployment))


@api.get(
    "/deployments/{deployment_id}/changes",
    response=READING | {200: ChangesOut},
    summary="What is new since the deployment before",
    description="Values of environment variables as above.",
)
def get_changes(request: HttpRequest, deployment_id: Key) -> ChangesOut:
    deployment = deployment_of(request, deployment_id)
    before = comparison.previous(deployment)
    with_values = _may_see_values(request, deployment)
    return ChangesOut(
        previous=before.pk if before else None,
        previous_commit=deployment.previous_commit,
        commits=[CommitOut(**each) for each in deployment.commits],
        commits_count=deployment.commits_count,
        services=[
            _changes(each) for each in comparison.compare(deployment, with_values=with_values)
        ],
    )


@api.get(
    "/deployments/{deployment_id}/environment",
    response=READING | {200: list[VariableOut]},
    summary="The environment variables of its containers, by name",
    description="Without values. Empty until everything is built.",
)
def get_environment(request: HttpRequest, deployment_id: Key) -> list[Variable]:
    return environment.of(deployment_of(request, deployment_id).services.all())


@api.get(
    "/deployments/{deployment_id}/cost",
    response=READING | {200: CostOut},
    summary="What its services cost a day while they run",
    description="By the operator's prices. Null until everything is built.",
)
def get_cost(request: HttpRequest, deployment_id: Key) -> CostOut:
    services = deployment_of(request, deployment_id).services.all()
    prices = config().prices
    requests = [(each.task_definition, each.service_definition) for each in services]
    return CostOut(
        a_day=prices.a_day(requests) if prices else None, currency=prices.currency if prices else ""
    )


@api.get(
    "/deployments/{deployment_id}/screenshot",
    response=READING | {200: None},
    summary="What it looked like when it went live",
    description="A PNG picture, with an ETag. 404 where none was taken.",
    openapi_extra={
        "responses": {
            200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}},
            304: {"description": "It is the one that If-None-Match names."},
        }
    },
)
def get_screenshot(request: HttpRequest, deployment_id: Key) -> HttpResponse:
    deployment = deployment_of(request, deployment_id)
    picture = Screenshot.objects.filter(deployment=deployment).first()
    if picture is None:
        hint = "One is taken when a deployment goes live, where Edaha may do so."
        return problems.answer(404, f"Deployment {deployment.pk} has no screenshot.", hint)
    image = bytes(picture.image)
    etag = quote_etag(sha256(image).hexdigest())
    response = HttpResponse(image, content_type="image/png")
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return get_conditional_response(request, etag, response=response) or response


def _may_see_values(request: HttpRequest, deployment: Deployment) -> bool:
    held = access(request).inside(deployment.branch.repository_id)
    return (held or 0) >= Role.DEPLOYER


def _changes(of: Comparison) -> ServiceChanges:
    return ServiceChanges(
        service=of.service.name,
        since_previous=_entries(of.since_previous),
        since_default=_entries(of.since_default),
    )


def _entries(found: list[Entry] | None) -> list[EntryOut] | None:
    if found is None:
        return None
    return [
        EntryOut(kind=each.kind, path=each.path, before=each.before, after=each.after)
        for each in found
    ]

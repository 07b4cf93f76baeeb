"""The operations about webhooks, and about what people did."""

from datetime import datetime
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Field, Path, Query, Schema, Status

from dashboard import listing
from dashboard.access import Role
from deployments import audit, deliveries
from deployments.errors import UserError
from deployments.models import Delivery, Transition

from .operations import ERRORS, READING, api, check_role
from .paging import page
from .schemas import Guid, SearchQuery
from .tokens import DEPLOYER, access, actor


class DeliveryOut(Schema):
    """One webhook, and what was decided about it."""

    guid: str
    event: str
    action: str
    state: str
    decision: str
    repository: str | None
    branch: int | None = Field(alias="branch_id", description="The branch's id.")
    attempts: int
    received_at: datetime
    decided_at: datetime | None

    @staticmethod
    def resolve_repository(delivery: Delivery) -> str | None:
        return delivery.repository.full_name if delivery.repository else None


class DeliveryWithPayload(DeliveryOut):
    payload: dict[str, Any]

    @staticmethod
    def resolve_payload(delivery: Delivery) -> Any:
        return orjson.loads(bytes(delivery.payload))


class ActOut(Schema):
    """Something that a person did, or a tool in somebody's name."""

    id: int
    at: datetime
    actor: str
    repository: str
    branch: int = Field(alias="branch_id", description="The branch's id.")
    deployment: int | None = Field(alias="deployment_id", description="The deployment's id.")
    before: str = Field(description="The state before: the deployment's, or the branch's.")
    after: str
    reason: str

    @staticmethod
    def resolve_repository(act: Transition) -> str:
        return act.branch.repository.full_name


@api.get(
    "/deliveries",
    auth=DEPLOYER,
    response=READING | {200: list[DeliveryOut]},
    summary="Webhooks, newest first",
)
def list_deliveries(
    request: HttpRequest, response: HttpResponse, query: Query[SearchQuery]
) -> list[Delivery]:
    rows = listing.deliveries_with(query.q, access(request))
    return page(rows, query, request, response, newest_first=True)


@api.get(
    "/deliveries/{guid}",
    auth=DEPLOYER,
    response=READING | {200: DeliveryWithPayload},
    summary="One webhook with its payload",
)
def get_delivery(request: HttpRequest, guid: Path[Guid]) -> Delivery:
    return _delivery(request, guid)


@api.post(
    "/deliveries/{guid}/replay",
    auth=DEPLOYER,
    response=ERRORS | {202: DeliveryOut},
    summary="Decide about a webhook once more",
    description="By the same rules: what is so is read from git again. 409 while it is decided.",
)
def replay(request: HttpRequest, guid: Path[Guid]) -> Status[Delivery]:
    delivery, who = _delivery(request, guid), actor(request)
    if not deliveries.replay(delivery, actor=who):
        raise UserError("It is still being decided.", hint="Nothing was changed.")
    audit.note("delivery.replay", delivery.guid, actor=who, repository=delivery.repository)
    return Status(202, _delivery(request, guid))


@api.get(
    "/activity",
    response=READING | {200: list[ActOut]},
    summary="What people did with previews, newest first",
)
def list_activity(
    request: HttpRequest, response: HttpResponse, query: Query[SearchQuery]
) -> list[Transition]:
    rows = listing.acts_with(query.q, access(request))
    return page(rows, query, request, response, newest_first=True)


def _delivery(request: HttpRequest, guid: str) -> Delivery:
    """The delivery of that GUID, for whoever may deploy in its repository."""
    shown = access(request).visible(Delivery.objects.select_related("repository"))
    delivery: Delivery = get_object_or_404(shown, guid=guid.lower())
    check_role(request, delivery.repository_id, Role.DEPLOYER)
    return delivery

"""The operations about who else hears of previews: webhooks and Slack, and how that goes."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError as Refused
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Schema, Status

from dashboard.administration import subscribing
from dashboard.administration.subscription_form import SubscriptionForm
from deployments.errors import UserError
from deployments.models import Event, Notice, Subscription

from .operations import ERRORS, READING, Key, api
from .paging import page
from .schemas import Id, PageQuery, Text
from .settings import Strict
from .tokens import ADMINISTRATOR, actor

_EVENTS = ", ".join(f"`{event}`" for event in Event.values)


class SubscriptionOut(Schema):
    """Somebody who is told. What signs or opens it is never told."""

    id: int
    name: str
    kind: str = Field(description="`webhook` or `slack`.")
    address: str = Field(description="A webhook's URL; Slack's is secret.")
    channel: str = Field(description="Of a Slack bot.")
    events: list[str]
    repositories: list[int] = Field(description="Ids; empty: all that are not private.")
    is_enabled: bool
    disabled_because: str = Field(description="Why Edaha has turned it off.")
    failures: int = Field(description="Tries in a row that failed.")
    failing_since: datetime | None
    created_at: datetime
    created_by: str

    @staticmethod
    def resolve_repositories(subscription: Subscription) -> list[int]:
        return [each.pk for each in subscription.repositories.all()]


class NewSubscription(Strict):
    name: Text = Field(max_length=100, examples=["CI"])
    kind: Text = Field("webhook", description="`webhook` or `slack`; it stays so.")
    address: Text = Field(
        "", max_length=500, examples=["https://ci.example.com/hook"], description="A webhook's URL."
    )
    secret: Text = Field(
        "", max_length=500, description="Slack's: an incoming webhook's URL, or a bot token."
    )
    channel: Text = Field("", max_length=80, description="Where a Slack bot writes to.")
    events: list[Text] = Field(description=f"Some of {_EVENTS}.", examples=[["preview.ready"]])
    repositories: list[Id] = Field([], description="Ids; empty: all that are not private.")
    is_enabled: bool = True


class SubscriptionChange(Strict):
    """What is not named stays as it is."""

    name: Text = Field("", max_length=100)
    address: Text = Field("", max_length=500)
    secret: Text = Field("", max_length=500)
    channel: Text = Field("", max_length=80)
    events: list[Text] = []
    repositories: list[Id] = []
    is_enabled: bool = True


class SigningOut(Schema):
    id: int
    secret: str = Field(description="What a webhook is signed with. It is told this once.")


class TryOut(Schema):
    """One try to tell it."""

    at: datetime
    milliseconds: int
    status: int | None = Field(description="What was answered; null where nothing was.")
    answer: str = Field(description="The beginning of it.")
    problem: str = Field(description="Why it was not taken; empty where it was.")


class NoticeOut(Schema):
    """One event for one receiver."""

    id: int
    message_id: str = Field(description="Its number for the receiver, the same at each try.")
    event: str
    branch: int | None = Field(alias="branch_id", description="The branch's id.")
    deployment: int | None = Field(alias="deployment_id", description="The deployment's id.")
    state: str = Field(description="`waiting`, `sent` or `given_up`.")
    at: datetime
    done_at: datetime | None
    body: str = Field(description="What it says, from the first try on.")
    tries: list[TryOut] = Field(description="The newest first.")

    @staticmethod
    def resolve_tries(notice: Notice) -> list[Any]:
        return list(notice.tries.all())


@api.get(
    "/subscriptions",
    auth=ADMINISTRATOR,
    response=READING | {200: list[SubscriptionOut]},
    summary="Who else hears of previews",
)
def list_subscriptions(
    request: HttpRequest, response: HttpResponse, query: Query[PageQuery]
) -> list[Subscription]:
    return page(Subscription.objects.prefetch_related("repositories"), query, request, response)


@api.post(
    "/subscriptions",
    auth=ADMINISTRATOR,
    response=ERRORS | {201: SigningOut},
    summary="Let another tool hear of previews",
    description="The secret is empty for Slack. 422 for what does not go together.",
)
def add_subscription(request: HttpRequest, wish: NewSubscription) -> Status[dict[str, Any]]:
    form = _valid(SubscriptionForm(wish.dict()))
    made, secret = subscribing.add(form, actor=actor(request))
    return Status(201, {"id": made.pk, "secret": secret})


@api.get(
    "/subscriptions/{subscription_id}",
    auth=ADMINISTRATOR,
    response=READING | {200: SubscriptionOut},
    summary="One of them",
)
def get_subscription(request: HttpRequest, subscription_id: Key) -> Subscription:
    return get_object_or_404(Subscription, pk=subscription_id)


@api.patch(
    "/subscriptions/{subscription_id}",
    auth=ADMINISTRATOR,
    response=ERRORS | {200: SubscriptionOut},
    summary="Change what it hears of, or turn it on or off",
    description="Its kind stays; a secret is replaced where one is named. Turned on, it begins "
    "without failures.",
)
def change_subscription(
    request: HttpRequest, subscription_id: Key, wish: SubscriptionChange
) -> Subscription:
    subscription = get_object_or_404(Subscription, pk=subscription_id)
    given = _as_it_is(subscription) | wish.dict(exclude_unset=True)
    form = _valid(SubscriptionForm(given, instance=subscription))
    subscribing.change(form, actor=actor(request))
    return get_object_or_404(Subscription, pk=subscription_id)


@api.delete(
    "/subscriptions/{subscription_id}",
    auth=ADMINISTRATOR,
    response=ERRORS | {204: None},
    summary="Tell it nothing any more, and forget what it was told",
)
def remove_subscription(request: HttpRequest, subscription_id: Key) -> Status[None]:
    subscribing.remove(get_object_or_404(Subscription, pk=subscription_id), actor=actor(request))
    return Status(204, None)


@api.post(
    "/subscriptions/{subscription_id}/secret",
    auth=ADMINISTRATOR,
    response=ERRORS | {201: SigningOut},
    summary="Make a new secret for a webhook",
    description="What is sent from now on is signed with it. 409 for Slack: PATCH its secret.",
)
def rotate_subscription(request: HttpRequest, subscription_id: Key) -> Status[dict[str, Any]]:
    subscription = get_object_or_404(Subscription, pk=subscription_id)
    if subscription.is_slack:
        raise UserError("Slack makes its secrets itself.", hint="Name the new one in a PATCH.")
    secret = subscribing.rotate(subscription, actor=actor(request))
    return Status(201, {"id": subscription.pk, "secret": secret})


@api.post(
    "/subscriptions/{subscription_id}/tests",
    auth=ADMINISTRATOR,
    response=ERRORS | {202: NoticeOut},
    summary="Send something that means nothing",
    description="Its notice tells how that went. 409 while it is turned off.",
)
def test_subscription(request: HttpRequest, subscription_id: Key) -> Status[Notice]:
    return Status(202, subscribing.test(get_object_or_404(Subscription, pk=subscription_id)))


@api.get(
    "/subscriptions/{subscription_id}/notices",
    auth=ADMINISTRATOR,
    response=READING | {200: list[NoticeOut]},
    summary="What it was told, newest first, with each try",
)
def list_notices(
    request: HttpRequest, response: HttpResponse, subscription_id: Key, query: Query[PageQuery]
) -> list[Notice]:
    rows = get_object_or_404(Subscription, pk=subscription_id).notices.prefetch_related("tries")
    return page(rows, query, request, response, newest_first=True)


@api.post(
    "/notices/{notice_id}/repetition",
    auth=ADMINISTRATOR,
    response=ERRORS | {202: NoticeOut},
    summary="Tell the same once more, under the same number",
    description="409 while its subscription is turned off.",
)
def repeat_notice(request: HttpRequest, notice_id: Key) -> Status[Notice]:
    row = get_object_or_404(Notice.objects.select_related("subscription"), pk=notice_id)
    subscribing.repeat(row)
    return Status(202, get_object_or_404(Notice, pk=notice_id))


def _valid(form: SubscriptionForm) -> SubscriptionForm:
    """By the page's own rules. Raises ValidationError with what is wrong at each field."""
    if not form.is_valid():
        raise Refused({name: [str(each) for each in said] for name, said in form.errors.items()})
    return form


def _as_it_is(subscription: Subscription) -> dict[str, Any]:
    names = ("name", "kind", "address", "channel", "events", "is_enabled")
    known = {name: getattr(subscription, name) for name in names}
    return known | {"repositories": [each.pk for each in subscription.repositories.all()]}

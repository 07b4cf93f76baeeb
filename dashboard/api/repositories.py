"""The operations about repositories, and about what opens or feeds their previews."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Path, Query, Status

from dashboard import roles
from dashboard.access import Role
from dashboard.repositories.forms import FOR_THE_INSTALLATION
from deployments import checking, registering, safekeeping, sharing
from deployments.checking import Check, Subject
from deployments.config import config
from deployments.errors import UserError
from deployments.models import Repository, Secret

from .operations import ERRORS, READING, Key, api, check_role
from .paging import page
from .schemas import PageQuery, RepositoryOut
from .settings import (
    Change,
    CheckOut,
    MemberOut,
    MemberWish,
    NewRepository,
    SecretOut,
    SecretWish,
    SettingsOut,
    TokenText,
    WebhookSecret,
)
from .tokens import ADMIN, ADMINISTRATOR, DEPLOYER, access, actor, refusal


@api.post(
    "/repositories",
    auth=ADMINISTRATOR,
    response=ERRORS | {201: WebhookSecret},
    summary="Make a repository known",
)
def add_repository(request: HttpRequest, wish: NewRepository) -> Status[dict[str, Any]]:
    made = Repository(**wish.dict(), webhook_secret=registering.new_secret())
    registering.add(made, actor=actor(request))
    return Status(201, _webhook(made))


@api.get(
    "/repositories/{repository_id}",
    response=READING | {200: RepositoryOut},
    summary="One repository",
)
def get_repository(request: HttpRequest, repository_id: Key) -> Repository:
    return repository_of(request, repository_id)


@api.get(
    "/repositories/{repository_id}/settings",
    auth=ADMIN,
    response=READING | {200: SettingsOut},
    summary="All settings of a repository",
)
def get_settings(request: HttpRequest, repository_id: Key) -> Repository:
    return repository_of(request, repository_id, Role.ADMIN)


@api.patch(
    "/repositories/{repository_id}",
    auth=ADMIN,
    response=ERRORS | {200: SettingsOut},
    summary="Change settings of a repository",
    description="They hold from the next deployment on. What says what its code may reach is for "
    "tokens of administrators of the whole installation.",
)
def change_repository(request: HttpRequest, repository_id: Key, wish: Change) -> Repository:
    repository = repository_of(request, repository_id, Role.ADMIN)
    values = wish.dict(exclude_unset=True)
    if access(request).role != Role.ADMIN and set(values) & set(FOR_THE_INSTALLATION):
        raise refusal(Role.ADMIN)
    registering.change(repository, values, actor=actor(request))
    return repository


@api.delete(
    "/repositories/{repository_id}",
    auth=ADMINISTRATOR,
    response=ERRORS | {204: None},
    summary="Forget a repository and its history",
    description="409 while something of it is left in AWS.",
)
def remove_repository(request: HttpRequest, repository_id: Key) -> Status[None]:
    registering.remove(repository_of(request, repository_id), actor=actor(request))
    return Status(204, None)


@api.post(
    "/repositories/{repository_id}/webhook-secret",
    auth=ADMIN,
    response=ERRORS | {201: WebhookSecret},
    summary="Make a new webhook secret",
    description="The one before is valid until the next one is made.",
)
def rotate_secret(request: HttpRequest, repository_id: Key) -> Status[dict[str, Any]]:
    repository = repository_of(request, repository_id, Role.ADMIN)
    new = {"webhook_secret": registering.new_secret()}
    registering.change(repository, new, actor=actor(request))
    return Status(201, _webhook(repository))


@api.get(
    "/repositories/{repository_id}/checks/{subject}",
    auth=DEPLOYER,
    response=READING | {200: list[CheckOut]},
    summary="Whether what the settings name is there",
    description="It is asked for now, and may take some seconds.",
)
def check_repository(
    request: HttpRequest, repository_id: Key, subject: Path[Subject]
) -> list[Check]:
    return checking.check(repository_of(request, repository_id, Role.DEPLOYER), subject)


@api.get(
    "/repositories/{repository_id}/members",
    auth=DEPLOYER,
    response=READING | {200: list[MemberOut]},
    summary="Who has a role inside a repository",
)
def list_members(request: HttpRequest, repository_id: Key) -> list[dict[str, str]]:
    rows = repository_of(request, repository_id, Role.DEPLOYER).memberships
    held = rows.order_by("user__username").values_list("user__username", "role")
    return [{"name": name, "role": role} for name, role in held]


@api.put(
    "/repositories/{repository_id}/members",
    auth=ADMIN,
    response=ERRORS | {204: None},
    summary="Give a person a role inside a repository, or take it away",
)
def put_member(request: HttpRequest, repository_id: Key, wish: MemberWish) -> Status[None]:
    repository = repository_of(request, repository_id, Role.ADMIN)
    person = User.objects.filter(username=wish.name).first()
    if person is None:
        raise UserError(_("Nobody here is called “%s”.") % wish.name)
    role = Role.named(wish.role or "")
    if role is None:
        roles.leave(person, repository, actor=actor(request))
    else:
        roles.join(person, repository, role, actor=actor(request))
    return Status(204, None)


@api.get(
    "/repositories/{repository_id}/secrets",
    auth=ADMIN,
    response=READING | {200: list[SecretOut]},
    summary="A repository's secrets, without their values",
)
def list_secrets(
    request: HttpRequest, response: HttpResponse, repository_id: Key, query: Query[PageQuery]
) -> list[Secret]:
    rows = Secret.objects.filter(repository=repository_of(request, repository_id, Role.ADMIN))
    return page(rows, query, request, response)


@api.put(
    "/repositories/{repository_id}/secrets",
    auth=ADMIN,
    response=ERRORS | {200: SecretOut},
    summary="Set a secret, or replace the one of that name and pattern",
)
def put_secret(request: HttpRequest, repository_id: Key, wish: SecretWish) -> Secret:
    repository = repository_of(request, repository_id, Role.ADMIN)
    return safekeeping.put(repository, safekeeping.Wish(**wish.dict()), actor=actor(request))


@api.delete(
    "/secrets/{secret_id}",
    auth=ADMIN,
    response=ERRORS | {204: None},
    summary="Remove a secret",
    description="What runs has it until it is deployed again, or ends.",
)
def remove_secret(request: HttpRequest, secret_id: Key) -> Status[None]:
    rows = access(request).visible(Secret.objects.select_related("repository"), "repository")
    row = get_object_or_404(rows, pk=secret_id)
    check_role(request, row.repository_id, Role.ADMIN)
    safekeeping.remove(row, actor=actor(request))
    return Status(204, None)


@api.post(
    "/repositories/{repository_id}/bypass",
    auth=ADMIN,
    response=ERRORS | {201: TokenText},
    summary="Make the token by which tests open protected previews",
    description="One before it no longer works.",
)
def make_bypass(request: HttpRequest, repository_id: Key) -> Status[dict[str, str]]:
    repository = repository_of(request, repository_id, Role.ADMIN)
    return Status(201, {"token": sharing.make_bypass(repository, actor=actor(request))})


@api.delete(
    "/repositories/{repository_id}/bypass",
    auth=ADMIN,
    response=ERRORS | {204: None},
    summary="Revoke that token",
)
def revoke_bypass(request: HttpRequest, repository_id: Key) -> Status[None]:
    repository = repository_of(request, repository_id, Role.ADMIN)
    sharing.revoke_bypass(repository, actor=actor(request))
    return Status(204, None)


def repository_of(request: HttpRequest, repository_id: int, role: Role = Role.VIEWER) -> Repository:
    """The repository with that id: 404 where it is not to be seen, 403 where the role is lower."""
    found = get_object_or_404(access(request).visible(Repository.objects.all()), pk=repository_id)
    check_role(request, found.pk, role)
    return found


def _webhook(repository: Repository) -> dict[str, Any]:
    return {
        "repository": repository.pk,
        "webhook_url": f"{config().base_url.rstrip('/')}/webhooks/github",
        "webhook_secret": repository.webhook_secret,
    }

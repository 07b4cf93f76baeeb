"""The operations for administrators of the whole installation: people, tokens, the audit log."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Schema, Status

from dashboard import roles
from dashboard.access import Role, role_of
from dashboard.administration import audit
from deployments import tokens
from deployments.errors import UserError
from deployments.models import ApiToken, AuditEntry, Repository

from .operations import ERRORS, READING, Key, api
from .paging import page
from .schemas import Id, PageQuery, SearchQuery, Text, Whole
from .settings import RoleWord, Strict, TokenText
from .tokens import ADMINISTRATOR, actor


class PersonOut(Schema):
    id: int
    name: str = Field(alias="username")
    email: str
    may_sign_in: bool = Field(alias="is_active")
    role: str | None = Field(description="Everywhere; null where there is none.")

    @staticmethod
    def resolve_role(person: User) -> str | None:
        held = role_of(person)
        return held.name.lower() if held else None


class NewPerson(Strict):
    name: Text = Field(min_length=1, max_length=150)
    role: RoleWord | None = None


class PasswordOut(Schema):
    id: int
    password: str = Field(description="It is told this once.")


class PersonChange(Strict):
    """What is not named stays as it is."""

    role: RoleWord | None = Field(None, description="Null takes it away.")
    may_sign_in: bool = True


class TokenOut(Schema):
    id: int
    name: str
    role: str
    beginning: str = Field(description="How it begins.")
    repositories: list[int] = Field(description="Where it has its role; empty: everywhere.")
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None

    @staticmethod
    def resolve_repositories(token: ApiToken) -> list[int]:
        return [each.pk for each in token.repositories.all()]


class NewToken(Strict):
    name: Text = Field(min_length=1, max_length=100)
    role: RoleWord
    repositories: list[Id] = Field([], description="Ids; where it has its role. Empty: everywhere.")
    days: Whole | None = Field(None, description="After which it ends; null: never.")


class AuditOut(Schema):
    id: int
    number: int
    at: datetime
    actor: str
    origin: str
    action: str
    subject: str
    repository: int | None
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]
    digest: str


@api.get("/people", auth=ADMINISTRATOR, response=READING | {200: list[PersonOut]}, summary="People")
def list_people(
    request: HttpRequest, response: HttpResponse, query: Query[PageQuery]
) -> list[User]:
    return page(User.objects.all(), query, request, response)


@api.post(
    "/people",
    auth=ADMINISTRATOR,
    response=ERRORS | {201: PasswordOut},
    summary="Add a person, with a password",
)
def add_person(request: HttpRequest, wish: NewPerson) -> Status[dict[str, Any]]:
    role = Role.named(wish.role or "")
    person, password = roles.add(wish.name, role, actor=actor(request))
    return Status(201, {"id": person.pk, "password": password})


@api.patch(
    "/people/{person_id}",
    auth=ADMINISTRATOR,
    response=ERRORS | {200: PersonOut},
    summary="Give a person another role, or let them sign in or not",
)
def change_person(request: HttpRequest, person_id: Key, wish: PersonChange) -> User:
    person = get_object_or_404(User, pk=person_id)
    named = wish.model_fields_set
    if "role" in named:
        roles.give(person, Role.named(wish.role or ""), actor=actor(request))
    if "may_sign_in" in named:
        roles.let_in(person, wish.may_sign_in, actor=actor(request))
    return get_object_or_404(User, pk=person_id)


@api.get(
    "/tokens",
    auth=ADMINISTRATOR,
    response=READING | {200: list[TokenOut]},
    summary="Tokens of this API",
)
def list_tokens(
    request: HttpRequest, response: HttpResponse, query: Query[PageQuery]
) -> list[ApiToken]:
    return page(ApiToken.objects.prefetch_related("repositories"), query, request, response)


@api.post("/tokens", auth=ADMINISTRATOR, response=ERRORS | {201: TokenText}, summary="Make a token")
def issue_token(request: HttpRequest, wish: NewToken) -> Status[dict[str, str]]:
    found = list(Repository.objects.filter(pk__in=wish.repositories))
    if len(found) != len(set(wish.repositories)):
        # A token for no repository would be one for all.
        raise UserError("One of these repositories does not exist.", hint="Nothing was made.")
    token = tokens.issue(
        wish.name, wish.role, actor=actor(request), repositories=found, days=wish.days
    )
    return Status(201, {"token": token})


@api.delete(
    "/tokens/{token_id}",
    auth=ADMINISTRATOR,
    response=ERRORS | {204: None},
    summary="Revoke a token",
)
def revoke_token(request: HttpRequest, token_id: Key) -> Status[None]:
    tokens.revoke(get_object_or_404(ApiToken, pk=token_id), actor=actor(request))
    return Status(204, None)


@api.get(
    "/audit",
    auth=ADMINISTRATOR,
    response=READING | {200: list[AuditOut]},
    summary="Who did what, newest first",
)
def list_audit(
    request: HttpRequest, response: HttpResponse, query: Query[SearchQuery]
) -> list[AuditEntry]:
    return page(audit.with_words(query.q), query, request, response, newest_first=True)

"""bin/manage user …: who may sign in, and as what."""

import json
import secrets
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from deployments import audit
from deployments.management.given import operator, problems_of
from deployments.models import ApiToken, MappedRole

ROLES = ApiToken.Role.values


class Command(BaseCommand):
    help = "Create or list people, or give them a role. (changepassword sets a password.)"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        purposes = {
            "create": "a new person; prints the password, which is never shown again",
            "ensure": "create the person, or give a known one this role",
        }
        for verb, purpose in purposes.items():
            one = verbs.add_parser(verb, help=f"{purpose}; the answer is one line of JSON")
            one.add_argument("username", metavar="NAME")
            one.add_argument("--role", required=True, choices=ROLES)
        verbs.add_parser("list", help="names and roles")

    def handle(self, *, verb: str, **arguments: Any) -> str:
        if verb == "list":
            return "\n".join(_line(user) for user in User.objects.order_by("username"))
        with transaction.atomic():
            return _ensure(arguments["username"], arguments["role"], is_new=verb == "create")


def _ensure(username: str, role: str, *, is_new: bool) -> str:
    user = User.objects.filter(username=username).first()
    if user is not None and is_new:
        raise CommandError(f"{username} is known already. See: manage user ensure")
    answer: dict[str, Any] = {"username": username, "created": user is None}
    if user is None:
        answer["password"] = secrets.token_urlsafe(12)
        user = _create(username, answer["password"])
    groups = {name: Group.objects.get_or_create(name=name)[0] for name in ROLES}
    before = sorted(user.groups.filter(name__in=ROLES).values_list("name", flat=True))
    user.groups.remove(*groups.values())
    user.groups.add(groups[role])
    MappedRole.forget(user)
    if before != [role]:
        told, says = {"role": ", ".join(before)}, {"role": role}
        audit.note("person.role", username, actor=operator(), before=told, after=says)
    return json.dumps(answer)


def _create(username: str, password: str) -> User:
    user = User(username=username)
    user.set_password(password)
    try:
        user.full_clean()
    except ValidationError as problem:
        raise CommandError(problems_of(problem)) from None
    user.save()
    return user


def _line(user: User) -> str:
    held = user.groups.filter(name__in=ROLES).values_list("name", flat=True)
    role = "admin" if user.is_superuser else ", ".join(held) or "no role"
    return f"{user.username}  {role}{'' if user.is_active else '  (may not sign in)'}"

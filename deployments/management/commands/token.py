"""bin/manage token …: who may use the REST API."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.management.options import problems_of
from deployments.models import ApiToken


class Command(BaseCommand):
    help = "Create, list or revoke tokens of the REST API."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        create = verbs.add_parser("create", help="print a new token; it is never shown again")
        create.add_argument("name", metavar="NAME", help="what it is for, such as ci")
        create.add_argument(
            "--role",
            required=True,
            choices=ApiToken.Role.values,
            help="viewer reads, deployer redeploys and destroys as well, admin may do everything",
        )
        verbs.add_parser("list", help="names and roles")
        verbs.add_parser("revoke", help="end a token").add_argument("name", metavar="NAME")

    def handle(self, *, verb: str, **arguments: Any) -> str:
        if verb == "create":
            return _create(arguments["name"], arguments["role"])
        if verb == "revoke":
            return _revoke(arguments["name"])
        return "\n".join(_line(token) for token in ApiToken.objects.order_by("name"))


def _create(name: str, role: str) -> str:
    if ApiToken.objects.filter(name=name).exists():
        raise CommandError(f"There is a token {name} already. Revoke it first, or choose a name.")
    try:
        ApiToken(name=name, role=role).full_clean(exclude=["digest"])
    except ValidationError as problem:
        raise CommandError(problems_of(problem)) from None
    return ApiToken.issue(name, role)


def _revoke(name: str) -> str:
    count, _ = ApiToken.objects.filter(name=name).delete()
    if not count:
        raise CommandError(f"There is no token {name}. See: manage token list")
    return f"{name} revoked."


def _line(token: ApiToken) -> str:
    used = f"{token.last_used_at:%Y-%m-%d %H:%M} UTC" if token.last_used_at else "never used"
    return f"{token.name}  {token.role}  {used}"

"""bin/manage token …: who may use the REST API."""

import argparse
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments import tokens
from deployments.errors import UserError
from deployments.management.given import operator, problems_of
from deployments.models import ApiToken, Repository


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
        create.add_argument(
            "--repository",
            dest="repositories",
            action="append",
            default=[],
            metavar="OWNER/NAME",
            help="where it has that role; without, in every one that is not private; may be "
            "repeated",
        )
        create.add_argument(
            "--days", type=int, metavar="N", help="after how many days it ends; without, never"
        )
        verbs.add_parser("list", help="names, roles, and when each was used and ends")
        verbs.add_parser("revoke", help="end a token").add_argument("name", metavar="NAME")

    def handle(self, *, verb: str, **arguments: Any) -> str:
        if verb == "create":
            return _create(argparse.Namespace(**arguments))
        if verb == "revoke":
            return _revoke(arguments["name"])
        rows = ApiToken.objects.prefetch_related("repositories").order_by("name")
        return "\n".join(_line(token) for token in rows)


def _create(wanted: argparse.Namespace) -> str:
    repositories = [_repository(name) for name in wanted.repositories]
    try:
        return tokens.issue(
            wanted.name,
            wanted.role,
            actor=operator(),
            repositories=repositories,
            days=wanted.days,
        )
    except ValidationError as problem:
        raise CommandError(problems_of(problem)) from None
    except UserError as problem:
        raise CommandError(f"{problem.message} {problem.hint}".strip()) from None


def _repository(full_name: str) -> Repository:
    known = Repository.objects.filter(full_name__iexact=full_name).first()
    if known is None:
        raise CommandError(f"There is no repository {full_name}. See: manage repository list")
    return known


def _revoke(name: str) -> str:
    token = ApiToken.objects.filter(name=name).first()
    if token is None:
        raise CommandError(f"There is no token {name}. See: manage token list")
    tokens.revoke(token, actor=operator())
    return f"{name} revoked."


def _line(token: ApiToken) -> str:
    used = f"used {token.last_used_at:%Y-%m-%d %H:%M} UTC" if token.last_used_at else "never used"
    ends = f"  ends {token.expires_at:%Y-%m-%d} UTC" if token.expires_at else ""
    where = ", ".join(str(each) for each in token.repositories.all())
    return f"{token.name}  {token.role}{f' in {where}' if where else ''}  {used}{ends}"

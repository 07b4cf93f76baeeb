"""bin/manage secrets …: what is set for a repository's branches. No verb prints a value."""

import sys
from typing import Any

from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.signin import resealing
from deployments import safekeeping
from deployments.management.given import problems_of
from deployments.models import Repository, Secret

_ACTOR = "manage"


class Command(BaseCommand):
    help = "Set, list, remove or re-encrypt the secrets of repositories."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        put = verbs.add_parser(
            "set", help="set or replace one; its value is read from standard input"
        )
        _named(put)
        put.add_argument(
            "--from",
            dest="reference",
            default="",
            metavar="REFERENCE",
            help="where AWS has it, instead of a value: ssm:NAME or secretsmanager:NAME[:KEY]",
        )
        put.add_argument(
            "--for",
            dest="purpose",
            choices=("containers", "builds", "both"),
            default="containers",
            help="whom it is given to",
        )
        shown = verbs.add_parser("list", help="names, and when they were changed")
        shown.add_argument("full_name", metavar="OWNER/NAME")
        _named(verbs.add_parser("remove", help="forget one"))
        verbs.add_parser("rotate", help="encrypt everything with the first of EDAHA_SECRETS_KEYS")
        verbs.add_parser("key", help="print a new key for EDAHA_SECRETS_KEYS")

    def handle(self, *, verb: str, **arguments: Any) -> str:
        if verb == "key":
            return Fernet.generate_key().decode()
        if verb == "rotate":
            return _rotate()
        repository = _find(arguments["full_name"])
        if verb == "set":
            return _set(repository, arguments)
        if verb == "remove":
            return _remove(repository, arguments)
        return "\n".join(_line(row) for row in repository.secrets.all())


def _named(parser: Any) -> None:
    parser.add_argument("full_name", metavar="OWNER/NAME")
    parser.add_argument("name", metavar="NAME", help="the variable, such as DATABASE_URL")
    parser.add_argument(
        "--branches", default="*", metavar="PATTERN", help="such as feature/*; * is every branch"
    )


def _set(repository: Repository, arguments: dict[str, Any]) -> str:
    reference = arguments["reference"]
    wish = safekeeping.Wish(
        name=arguments["name"],
        pattern=arguments["branches"],
        value="" if reference else _read(),
        reference=reference,
        for_containers=arguments["purpose"] != "builds",
        for_builds=arguments["purpose"] != "containers",
    )
    try:
        row = safekeeping.put(repository, wish, actor=_ACTOR)
    except ValidationError as problem:
        raise CommandError(problems_of(problem)) from None
    warning = " It is too short to be taken out of logs." if wish.is_short else ""
    return f"{row} is set for {repository}, from the next deployment on.{warning}"


def _read() -> str:
    """Without the end of its last line, which `echo` and a text file add."""
    if sys.stdin.isatty():
        raise CommandError(
            "The value is read from standard input, so that it stays out of the shell's history: "
            "manage secrets set OWNER/NAME NAME < FILE"
        )
    value = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not value:
        raise CommandError("Standard input was empty. Nothing was changed.")
    return value


def _remove(repository: Repository, arguments: dict[str, Any]) -> str:
    found = repository.secrets.filter(name=arguments["name"], pattern=arguments["branches"])
    row = found.first()
    if row is None:
        raise CommandError(
            f"{repository} has no secret {arguments['name']} for branches "
            f"{arguments['branches']}. See: manage secrets list {repository}"
        )
    safekeeping.remove(row, actor=_ACTOR)
    return f"{row} removed."


def _rotate() -> str:
    count, unreadable = safekeeping.rotate()
    factors, lost = resealing.rotate()
    count, unreadable = count + factors, [*unreadable, *lost]
    if unreadable:
        raise CommandError(
            f"{count} re-encrypted. No key opens {', '.join(unreadable)}: put the key back into "
            "EDAHA_SECRETS_KEYS, behind the others, or set them anew."
        )
    return f"{count} re-encrypted with the first key."


def _line(row: Secret) -> str:
    purposes = [("containers", row.for_containers), ("builds", row.for_builds)]
    parts = [
        row.name,
        row.pattern,
        "+".join(name for name, is_so in purposes if is_so),
        row.reference or "kept here",
        f"{row.updated_at:%Y-%m-%d %H:%M} UTC by {row.updated_by or '-'}",
    ]
    return "  ".join(parts)


def _find(full_name: str) -> Repository:
    known = Repository.objects.filter(full_name__iexact=full_name).first()
    if known is None:
        raise CommandError(f"There is no repository {full_name}. See: manage repository list")
    return known

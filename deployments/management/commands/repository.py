"""bin/manage repository …: the applications whose branches get previews."""

import argparse
import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments import registering
from deployments.adapters import hosts
from deployments.config import config
from deployments.errors import UserError
from deployments.management.given import (
    RESETTABLE,
    defaults,
    flag_of,
    given,
    operator,
    problems_of,
    settings_of,
)
from deployments.management.options import OPTIONS
from deployments.models import Repository
from deployments.secrets import installation_secrets


class Command(BaseCommand):
    help = "Add, change, list, show or remove a repository."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        add = _named(verbs, "add", "make a repository known")
        for option in OPTIONS:
            option.add_to(add, required=option.field == "clone_url")
        add.add_argument("--update", action="store_true", help="change it if it is known already")
        change = _named(verbs, "set", "change settings; what is not named stays as it is")
        for option in OPTIONS:
            option.add_to(change)
        change.add_argument(
            "--reset",
            action="append",
            default=[],
            choices=RESETTABLE,
            metavar="OPTION",
            help="back to its default value, such as --reset port; may be repeated",
        )
        change.add_argument(
            "--disallow",
            action="append",
            default=[],
            metavar="ENTRY",
            help="takes back what --allow has added; may be repeated",
        )
        _with_json(_named(verbs, "show", "its settings"))
        _with_json(verbs.add_parser("list", help="every repository"))
        _named(verbs, "remove", "forget it, once its previews are destroyed")

    def handle(self, *, verb: str, **arguments: Any) -> str:
        act = {"add": _add, "set": _set, "show": _show, "list": _list, "remove": _remove}[verb]
        return act(arguments)


def _named(verbs: Any, verb: str, purpose: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(verb, help=purpose)
    parser.add_argument("full_name", metavar="OWNER/NAME")
    return parser


def _with_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def _add(arguments: dict[str, Any]) -> str:
    values = given(arguments)
    known = Repository.objects.filter(full_name__iexact=arguments["full_name"]).first()
    if known is None:
        repository = Repository(full_name=arguments["full_name"], **values)
        _save(repository)
        return f"{repository} added.{_without_secret(repository)}\n{_next_step(repository)}"
    differing = _differing(known, values)
    if differing and not arguments["update"]:
        raise CommandError(
            f"{known} is known already, with another {_listed(differing)}. Nothing was changed; "
            "say --update to change it."
        )
    return _change(known, values)


def _next_step(repository: Repository) -> str:
    if seconds := hosts.poll_seconds(repository):
        return f"Its branches are looked at every {seconds} seconds; a webhook is not needed."
    return (
        f"Next: on GitHub, add a webhook to {config().base_url}/webhooks/github with the same "
        "secret, content type application/json, for pushes, pull requests, issue comments, and "
        "branches that are created or deleted."
    )


def _set(arguments: dict[str, Any]) -> str:
    values = defaults(arguments["reset"]) | given(arguments)
    if not values and not arguments["disallow"]:
        raise CommandError("Name at least one setting to change.")
    repository = _find(arguments["full_name"])
    return _change(repository, values | _allowed(repository, values, arguments))


def _allowed(
    repository: Repository, values: dict[str, Any], arguments: dict[str, Any]
) -> dict[str, Any]:
    """What it may use afterwards: `--allow` adds to it, so that no hint undoes another."""
    if "allowed" not in values and not arguments["disallow"]:
        return {}
    before = [] if "allow" in arguments["reset"] else repository.allowed
    unknown = set(arguments["disallow"]) - set(before)
    if unknown:
        raise CommandError(
            f"{', '.join(sorted(unknown))} is not allowed anyway; "
            f"allowed: {', '.join(before) or 'nothing'}."
        )
    entries = dict.fromkeys([*before, *values.get("allowed", [])])
    return {"allowed": [entry for entry in entries if entry not in arguments["disallow"]]}


def _change(repository: Repository, values: dict[str, Any]) -> str:
    before = repository.webhook_secret
    try:
        differing = registering.change(repository, values, actor=operator())
    except ValidationError as problem:
        raise CommandError(problems_of(problem)) from None
    if not differing:
        return f"{repository} is unchanged."
    note = ""
    if registering.keeps_secret_before(differing, before, repository.webhook_secret):
        note = " The secret before is still accepted: --webhook-secret-previous '' ends that."
    return f"{repository} changed: {_listed(differing)}.{note}{_without_secret(repository)}"


def _differing(repository: Repository, values: dict[str, Any]) -> list[str]:
    return [name for name, value in values.items() if getattr(repository, name) != value]


def _listed(fields: list[str]) -> str:
    return ", ".join(flag_of(name).removeprefix("--") for name in fields)


def _save(repository: Repository) -> None:
    try:
        registering.add(repository, actor=operator())
    except ValidationError as problem:
        raise CommandError(problems_of(problem)) from None


def _without_secret(repository: Repository) -> str:
    if repository.webhook_secret or installation_secrets():
        return ""
    return " No webhook secret is set, so no delivery will be accepted: give --webhook-secret."


def _show(arguments: dict[str, Any]) -> str:
    shown = settings_of(_find(arguments["full_name"]))
    if arguments["json"]:
        return json.dumps(shown, ensure_ascii=False)
    width = max(map(len, shown))
    return "\n".join(f"{name:<{width}}  {_readable(value)}" for name, value in shown.items())


def _readable(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={text}" for name, text in value.items()) or "-"
    if isinstance(value, list):
        return " ".join(value) or "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value in ("", None) else str(value)


def _list(arguments: dict[str, Any]) -> str:
    rows = list(Repository.objects.values("full_name", "clone_url", "policy"))
    if arguments["json"]:
        return json.dumps(rows, ensure_ascii=False)
    return "\n".join(f"{row['full_name']}  {row['policy']}  {row['clone_url']}" for row in rows)


def _remove(arguments: dict[str, Any]) -> str:
    repository = _find(arguments["full_name"])
    try:
        registering.remove(repository, actor=operator())
    except UserError as problem:
        raise CommandError(problem.message) from None
    return f"{repository} removed."


def _find(full_name: str) -> Repository:
    known = Repository.objects.filter(full_name__iexact=full_name).first()
    if known is None:
        raise CommandError(f"There is no repository {full_name}. See: manage repository list")
    return known

"""bin/manage definitions …: an application's own files, checked and rendered without AWS."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.allowed import is_entry
from deployments.definitions import plan as plans
from deployments.definitions.edaha_yml import json_schema
from deployments.definitions.files import Folder
from deployments.definitions.plan import Plan
from deployments.management.offline import Asked, Outcome, examine, root_of
from deployments.names import is_label

USAGE = 2


class Command(BaseCommand):
    help = "Check or render what an application's repository says of its deployment. Needs no AWS."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        check = verbs.add_parser("check", help="tell every problem; exit code 1 if there is one")
        check.add_argument("--json", action="store_true", help="as JSON")
        render = verbs.add_parser("render", help="print what ECS would be told")
        render.add_argument("--service", metavar="NAME", help="this service only")
        render.add_argument(
            "--plain",
            action="store_true",
            help="what ecspresso's files say, before Edaha's changes",
        )
        render.add_argument("--format", choices=["json", "yaml"], default="json")
        for verb in (check, render):
            _add_common(verb)
        verbs.add_parser("schema", help="print edaha.yml's JSON Schema")

    def handle(self, *, verb: str, **arguments: Any) -> str | None:
        if verb == "schema":
            return json.dumps(json_schema(), indent=2, ensure_ascii=False)
        outcome = _examined(arguments)
        for note in outcome.notes:
            self.stderr.write(note)
        if verb == "check":
            self._check(outcome, as_json=arguments["json"])
        else:
            self._render(outcome, arguments)
        if outcome.problems:
            raise CommandError(_counted(len(outcome.problems)), returncode=1)
        return None

    def _check(self, outcome: Outcome, *, as_json: bool) -> None:
        if as_json:
            told = {
                "problems": [asdict(problem) for problem in outcome.problems],
                "notes": outcome.notes,
                "services": _addresses(outcome.plan) if outcome.plan else [],
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for problem in outcome.problems:
            self.stdout.write(str(problem))
            for line in problem.hint.splitlines():
                self.stdout.write(f"    {line}")
        if outcome.plan and not outcome.problems:
            source = outcome.plan.application.source or "Nothing but a Dockerfile"
            self.stdout.write(f"{source}: no problems.")
            for service in _addresses(outcome.plan):
                self.stdout.write(f"  {service['name']}  {service['address']}")

    def _render(self, outcome: Outcome, arguments: dict[str, Any]) -> None:
        for problem in outcome.problems:
            self.stderr.write(f"{problem} {problem.hint}".rstrip())
        if outcome.plan is None:
            return
        shown = _plain(outcome.plan) if arguments["plain"] else _composed(outcome.plan)
        if wanted := arguments["service"]:
            known = [service.name for service in outcome.plan.application.services]
            if wanted not in known:
                raise CommandError(
                    f"There is no service {wanted}. There is {', '.join(known)}.", returncode=USAGE
                )
            shown = [service for service in shown if service["name"] == wanted]
        self.stdout.write(_written(shown, arguments["format"]))


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", type=Path, help="a folder, or the file itself")
    parser.add_argument("--file", metavar="PATH", help="in the folder (edaha.yml)")
    parser.add_argument("--branch", default="feature-x", metavar="NAME", help="(feature-x)")
    parser.add_argument("--slug", type=_slug, help="(made of the branch)")
    parser.add_argument("--commit", default="0" * 40, metavar="SHA")
    parser.add_argument("--pull-request", type=int, metavar="N")
    pairs: dict[str, Any] = {"action": "append", "default": [], "type": _pair, "metavar": "K=V"}
    parser.add_argument("--env", help="for ecspresso's templates, beside Edaha's own", **pairs)
    parser.add_argument("--ext-str", help="for ecspresso's jsonnet", **pairs)
    parser.add_argument("--ext-code", help="for ecspresso's jsonnet", **pairs)
    parser.add_argument(
        "--allow",
        action="append",
        type=_entry,
        metavar="ENTRY",
        help="what the repository may use, as in `repository set`; without it, all is allowed, "
        "and what an administrator must allow is told",
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"write {text!r} as NAME=VALUE")
    return name, value


def _slug(text: str) -> str:
    if not is_label(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no lowercase DNS label")
    return text


def _entry(text: str) -> str:
    if not is_entry(text):
        raise argparse.ArgumentTypeError(f"{text!r} is nothing that can be allowed")
    return text


def _examined(arguments: dict[str, Any]) -> Outcome:
    path: Path = arguments["path"]
    if not path.exists():
        raise CommandError(f"There is no {path}.", returncode=USAGE)
    path = path.resolve()
    root = root_of(path)
    if path.is_file() and arguments["file"]:
        raise CommandError("Give --file with a folder only.", returncode=USAGE)
    if arguments["file"] and not (root / arguments["file"]).exists():
        raise CommandError(f"There is no {root / arguments['file']}.", returncode=USAGE)
    file = arguments["file"] or (str(path.relative_to(root)) if path.is_file() else "edaha.yml")
    allowed = arguments["allow"]
    return examine(
        Folder(root),
        Asked(
            branch=arguments["branch"],
            slug=arguments["slug"] or "",
            commit=arguments["commit"],
            pull_request=arguments["pull_request"],
            env=dict(arguments["env"]),
            ext_str=dict(arguments["ext_str"]),
            ext_code=dict(arguments["ext_code"]),
            file=file,
            allowed=None if allowed is None else tuple(allowed),
        ),
    )


def _addresses(plan: Plan) -> list[dict[str, str]]:
    return [
        {"name": service.name, "address": plan.preview.urls[service.name]}
        for service in plan.application.services
    ]


def _composed(plan: Plan) -> list[dict[str, Any]]:
    composed = plans.compose_all(plan)
    return [
        {
            **service,
            "taskDefinition": composed[service["name"]].task_definition,
            "service": composed[service["name"]].service,
            "changes": [asdict(change) for change in composed[service["name"]].changes],
        }
        for service in _addresses(plan)
    ]


def _plain(plan: Plan) -> list[dict[str, Any]]:
    """Only what ecspresso's files describe: edaha.yml is no definition of ECS's."""
    return [
        {
            "name": name,
            "taskDefinition": team.task_definition,
            "service": team.service_definition,
        }
        for name, team in plan.teams.items()
    ]


def _written(shown: list[dict[str, Any]], form: str) -> str:
    if form == "json":
        return json.dumps(shown, indent=2, ensure_ascii=False)
    return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True).rstrip()


def _counted(number: int) -> str:
    return "There is 1 problem." if number == 1 else f"There are {number} problems."

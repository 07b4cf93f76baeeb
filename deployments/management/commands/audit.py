"""bin/manage audit …: who did what, and whether anybody has changed that since."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments import audit
from deployments.models import AuditEntry

#: As many problems as are told one by one.
_SHOWN = 20


class Command(BaseCommand):
    help = "Export the audit log, or check that nobody has changed it."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        export = verbs.add_parser("export", help="all entries, a line of JSON each, oldest first")
        export.add_argument("--after", type=int, default=0, metavar="N", help="begin behind it")
        verify = verbs.add_parser("verify", help="1 and a message where the chain is broken")
        verify.add_argument(
            "--from",
            dest="exported",
            type=Path,
            metavar="FILE",
            help="compare with an earlier export, which nobody here could write to",
        )

    def handle(self, *, verb: str, **arguments: Any) -> str | None:
        if verb == "export":
            _export(arguments["after"])
            return None
        problems = list(audit.problems())
        if arguments["exported"] is not None:
            problems += _differences(arguments["exported"])
        if problems:
            more = f"\n… and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
            raise CommandError("\n".join(problems[:_SHOWN]) + more)
        return f"{AuditEntry.objects.count()} entries, and none was changed or removed."


def _export(after: int) -> None:
    rows = AuditEntry.objects.filter(number__gt=after).order_by("number")
    for entry in rows.iterator():
        sys.stdout.write(json.dumps(audit.as_line(entry), ensure_ascii=False) + "\n")


def _differences(exported: Path) -> list[str]:
    """Entries that an export has otherwise than the database; hashes tell of all before them."""
    found = []
    try:
        lines = exported.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise CommandError(f"{exported} cannot be read: {problem}") from None
    for number, line in enumerate(lines, start=1):
        try:
            told = json.loads(line)
            known = AuditEntry.objects.filter(number=told["number"]).first()
            if known is None or known.digest != told["digest"]:
                found.append(f"Entry {told['number']} is not the one in {exported.name}.")
        except (ValueError, KeyError, TypeError):
            raise CommandError(f"{exported}:{number} is not a line of an export.") from None
    return found

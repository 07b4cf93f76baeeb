"""bin/manage reconcile: compare everything now, and see what was found."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.models import Reconciliation
from deployments.reconcile import reconcile


class Command(BaseCommand):
    help = "Compare what is wanted with git, GitHub and AWS, and put right what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--remove-many",
            action="store_true",
            help="remove what is left over in AWS although it is more than all that is in use: "
            "that happens, too, when Edaha runs with another database",
        )

    def handle(self, *, remove_many: bool, **_: Any) -> str:
        made = reconcile(asked_by="manage reconcile", remove_many=remove_many)
        if made is None:
            raise CommandError("Everything is being compared right now. Try again in a minute.")
        return "\n".join([*_looked_at(made), *_found(made), *_problems(made)])


def _looked_at(made: Reconciliation) -> list[str]:
    counts = ", ".join(f"{number} {name}" for name, number in made.counts.items())
    return [f"Compared: {counts or 'nothing'}."]


def _found(made: Reconciliation) -> list[str]:
    found = [f"{each['what']}: {each['done']}." for each in made.findings]
    return found or ["All is as it should be." if not made.problems else "Nothing else differs."]


def _problems(made: Reconciliation) -> list[str]:
    return [f"Problem: {sentence}" for sentence in made.problems]

"""What an administrator has set for a repository's branches, and nobody shall read again."""

import re
import secrets
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from .. import sealing
from .repository import Repository

#: Of what a parameter of SSM's standard tier holds.
VALUE_MAX = 4096
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Edaha's own variables, and ECS's: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/
_TAKEN = re.compile(r"EDAHA_.*|PORT|ECS_.*|AWS_CONTAINER_.*|AWS_EXECUTION_ENV")
#: Such as `ssm:/shop/db` and `secretsmanager:shop/db:password`.
_REFERENCE = re.compile(r"ssm:[^\s]+|secretsmanager:[^\s:]+(:[^\s:]+)?")
_NOT_LITERAL = re.compile(r"\[.*?\]|[*?]")


def _new_serial() -> str:
    return secrets.token_hex(8)


class Secret(models.Model):
    """One variable of the branches that match a pattern: a value kept here, or where one is.

    A value is written and never shown. `serial` tells one value from the next without telling
    anything of either.
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="secrets")
    #: As `Repository.patterns` has them.
    pattern = models.CharField(max_length=255, default="*")
    #: An environment variable's name; of builds the id of BuildKit's secret.
    name = models.CharField(max_length=255)
    #: `ssm:NAME` or `secretsmanager:NAME[:KEY]`; empty where the value is kept here.
    reference = models.CharField(max_length=1024, blank=True)
    #: Encrypted; see deployments/sealing.py.
    sealed = models.TextField(blank=True)
    #: The value before: what runs already may still print it.
    sealed_before = models.TextField(blank=True)
    serial = models.CharField(max_length=32, default=_new_serial)
    for_containers = models.BooleanField(default=True)
    for_builds = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["name", "pattern"]
        constraints = [
            models.UniqueConstraint(fields=["repository", "name", "pattern"], name="secret_name")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.pattern})"

    @property
    def is_kept(self) -> bool:
        """Whether the value itself is here, encrypted."""
        return not self.reference

    def fits(self, branch_name: str) -> bool:
        return fnmatchcase(branch_name, self.pattern)

    def keep(self, value: str) -> None:
        """Give it a value, which replaces the one before; not saved yet."""
        self.sealed_before, self.reference = self.sealed, ""
        self.sealed, self.serial = sealing.seal(value), _new_serial()

    def refer(self, reference: str) -> None:
        """Have it read from AWS instead; not saved yet."""
        self.sealed_before, self.sealed = self.sealed or self.sealed_before, ""
        self.reference, self.serial = reference, _new_serial()

    def value(self) -> str:
        """Raises sealing.Unreadable."""
        return sealing.unseal(self.sealed)

    def clean(self) -> None:
        """Check everything but the value, which nobody repeats."""
        problems: dict[str, Any] = {}
        if not _NAME.fullmatch(self.name):
            problems["name"] = _("Use letters, digits and “_”, such as DATABASE_URL.")
        elif _TAKEN.fullmatch(self.name):
            problems["name"] = _("Edaha or ECS sets this variable itself. Choose another name.")
        if not self.pattern or any(ord(character) < 33 for character in self.pattern):
            problems["pattern"] = _("Give a pattern such as feature/*, or * for every branch.")
        if self.reference and not _REFERENCE.fullmatch(self.reference):
            problems["reference"] = _(
                "Write ssm:NAME, secretsmanager:NAME or secretsmanager:NAME:KEY."
            )
        if not (self.for_containers or self.for_builds):
            problems["for_containers"] = _("Choose containers, builds, or both.")
        if problems:
            raise ValidationError(problems)


def literals(pattern: str) -> int:
    """How many characters of it stand for themselves."""
    return len(_NOT_LITERAL.sub("", pattern))


def chosen(rows: Iterable[Secret], branch_name: str) -> dict[str, Secret]:
    """Name → the one that counts for a branch: of those that fit, the most specific.

    That is the one with the most characters that stand for themselves; of equals the one whose
    pattern comes first in the alphabet.
    """
    fitting = [row for row in rows if row.fits(branch_name)]
    fitting.sort(key=lambda row: (-literals(row.pattern), row.pattern))
    found: dict[str, Secret] = {}
    for row in fitting:
        found.setdefault(row.name, row)
    return dict(sorted(found.items()))

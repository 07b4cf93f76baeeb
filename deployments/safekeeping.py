"""Secrets are set, replaced and removed, by the command line and by a page: never shown."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from . import audit, sealing
from .encodings import SHORTEST
from .models import GitHubApp, Repository, Secret
from .models.secret import VALUE_MAX


@dataclass(frozen=True)
class Wish:
    """What somebody wants to be set. Either a value or a reference."""

    name: str
    pattern: str = "*"
    value: str = ""
    reference: str = ""
    for_containers: bool = True
    for_builds: bool = False

    def __repr__(self) -> str:
        return f"<Wish for {self.name} ({self.pattern})>"

    @property
    def is_short(self) -> bool:
        """Whether logs will show it."""
        return bool(self.value) and len(self.value.strip().encode()) < SHORTEST


def put(repository: Repository, wish: Wish, *, actor: str) -> Secret:
    """Set it, or replace the one of that name and pattern. Raises ValidationError.

    It holds from the next deployment on.
    """
    with transaction.atomic():
        rows = Secret.objects.select_for_update()
        known = rows.filter(repository=repository, name=wish.name, pattern=wish.pattern).first()
        row = known or Secret(repository=repository, name=wish.name, pattern=wish.pattern)
        row.for_containers, row.for_builds = wish.for_containers, wish.for_builds
        row.updated_by = actor
        _fill(row, wish)
        row.full_clean(exclude=["sealed", "sealed_before"])
        row.save()
        before = {"set": True} if known else {}
        audit.note(
            "secret.set",
            f"{repository} {row}",
            actor=actor,
            before=before,
            after=_told(row),
            repository=repository,
        )
    return row


def _told(row: Secret) -> dict[str, Any]:
    """Which one it is and where its value is; never the value."""
    return {
        "kept": "encrypted" if row.is_kept else row.reference,
        "for_containers": row.for_containers,
        "for_builds": row.for_builds,
    }


def remove(row: Secret, *, actor: str) -> None:
    """Forget it. What runs already keeps it until it is deployed again, or ends."""
    told, subject = _told(row), f"{row.repository} {row}"
    with transaction.atomic():
        audit.note("secret.remove", subject, actor=actor, before=told, repository=row.repository)
        row.delete()


def rotate() -> tuple[int, list[str]]:
    """Encrypt everything with the first key; how many rows, and those that no key opens."""
    count, unreadable = 0, []
    for pk in Secret.objects.exclude(sealed="", sealed_before="").values_list("pk", flat=True):
        with transaction.atomic():
            row = Secret.objects.select_for_update().filter(pk=pk).first()
            if row is None:
                continue
            try:
                sealed, before = _resealed(row.sealed), _resealed(row.sealed_before)
            except sealing.Unreadable:
                unreadable.append(f"{row.repository}: {row}")
                continue
            # Not `save`, which would say that somebody has changed it.
            Secret.objects.filter(pk=pk).update(sealed=sealed, sealed_before=before)
            count += 1
    count += _rotate_app(unreadable)
    return count, unreadable


def _rotate_app(unreadable: list[str]) -> int:
    with transaction.atomic():
        app = GitHubApp.objects.select_for_update().first()
        if app is None:
            return 0
        try:
            sealed = {name: sealing.reseal(getattr(app, name)) for name in app.SEALED}
        except sealing.Unreadable:
            unreadable.append(f"the GitHub App {app}")
            return 0
        # Not `save`, which would say that it was set up anew.
        return GitHubApp.objects.filter(pk=app.pk).update(**sealed)


def _resealed(sealed: str) -> str:
    return sealing.reseal(sealed) if sealed else ""


def _fill(row: Secret, wish: Wish) -> None:
    if not (wish.value or wish.reference) and row.sealed:
        return  # the one that there is stays
    if bool(wish.value) == bool(wish.reference):
        said = _("Give a value or a reference, one of them.")
        raise ValidationError({"value": said})
    if wish.reference:
        row.refer(wish.reference)
        return
    if "\x00" in wish.value:
        raise ValidationError({"value": _("A variable’s value cannot have a NUL character.")})
    size = len(wish.value.encode(errors="surrogatepass"))
    if size > VALUE_MAX:
        said = _("It has %(size)d bytes; AWS takes %(most)d at most.")
        raise ValidationError({"value": said % {"size": size, "most": VALUE_MAX}})
    row.keep(wish.value)

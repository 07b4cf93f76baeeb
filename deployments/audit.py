"""The audit log: who did what, from where, and why. Appended to, and chained by hashes.

Each entry's hash covers the entry before, so whoever changes, removes or adds one in the database
breaks every hash after it. The end of the chain is kept apart: what is cut off at the end is
missed as well. Who can write to the whole database can forge a whole chain: export the log now
and then to where they cannot, and compare (`manage audit verify --from`).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import transaction
from django.utils import timezone

from .models import AuditEntry, AuditHead, Branch, Deployment, Repository

#: Where what is done at present comes from; the dashboard's middleware sets it.
origin: ContextVar[str] = ContextVar("audit_origin", default="")

COMMAND_LINE = "command line"
_START = "0" * 64
#: What the hash covers.
_FIELDS = (
    "number",
    "actor",
    "origin",
    "action",
    "subject",
    "repository",
    "reason",
    "before",
    "after",
    "previous",
)
_AT_ONCE = 2000
#: What a wish may change of a preview.
_WISHED = (
    "wanted",
    "state",
    "generation",
    "wanted_commit",
    "waiting_commit",
    "live_id",
    "pinned_by",
    "expires_at",
)


def note(
    action: str,
    subject: Branch | Deployment | Repository | str,
    *,
    actor: str,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    repository: Repository | None = None,
) -> AuditEntry:
    """Append one entry. `before` and `after` hold what changed, never a secret's value."""
    with transaction.atomic():
        head = _head()
        entry = AuditEntry(
            number=head.number + 1,
            at=timezone.now(),
            actor=actor[:200],
            origin=(origin.get() or COMMAND_LINE)[:100],
            action=action,
            subject=_named(subject)[:500],
            repository=_repository_of(subject) if repository is None else repository.pk,
            reason=reason[:500],
            before=_plain(before),
            after=_plain(after),
            previous=head.digest,
        )
        entry.digest = digest(entry)
        entry.save(force_insert=True)
        AuditHead.objects.filter(pk=head.pk).update(number=entry.number, digest=entry.digest)
    return entry


@contextmanager
def noted(action: str, branch: Branch, *, actor: str, reason: str = "") -> Iterator[None]:
    """Take down what somebody did to a preview inside; nothing where that is refused."""
    before = _wished(branch)
    yield
    after = _wished(branch)
    differing = [name for name in _WISHED if before[name] != after[name]]
    note(
        action,
        branch,
        actor=actor,
        reason=reason,
        before={name: before[name] for name in differing},
        after={name: after[name] for name in differing},
    )


def digest(entry: AuditEntry) -> str:
    """SHA-256 of the entry as canonical JSON."""
    told = {name: getattr(entry, name) for name in _FIELDS}
    told["at"] = entry.at.isoformat(timespec="microseconds")
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def as_line(entry: AuditEntry) -> dict[str, Any]:
    """An entry as it is exported: with what its hash can be computed from."""
    told = {name: getattr(entry, name) for name in _FIELDS}
    return told | {"at": entry.at.isoformat(timespec="microseconds"), "digest": entry.digest}


def entries() -> Iterator[AuditEntry]:
    """All of them, the oldest first; a few thousand at a time."""
    yield from AuditEntry.objects.order_by("number").iterator(_AT_ONCE)


def problems() -> Iterator[str]:
    """What is wrong with the chain, in words; nothing where all of it holds."""
    number, previous = 0, _START
    for entry in entries():
        if entry.number != number + 1:
            yield f"{_span(number + 1, entry.number - 1)} missing before entry {entry.number}."
        elif entry.previous != previous:
            yield f"Entry {entry.number} does not follow the one before it."
        if digest(entry) != entry.digest:
            yield f"Entry {entry.number} was changed after it was written."
        number, previous = entry.number, entry.digest
    head = AuditHead.objects.first()
    if head is not None and head.number > number:
        yield f"{_span(number + 1, head.number)} missing at the end."
    elif (head.digest if head else _START) != previous:
        yield "The end of the chain is not the entry that was written last."


def _span(first: int, last: int) -> str:
    return f"Entry {first} is" if first == last else f"Entries {first} to {last} are"


def _head() -> AuditHead:
    """The end of the chain, held until the transaction is over."""
    held = AuditHead.objects.select_for_update()
    return held.get_or_create(pk=1)[0]


def _named(subject: Branch | Deployment | Repository | str) -> str:
    if isinstance(subject, Branch):
        return f"{subject.repository.full_name} {subject.name}"
    if isinstance(subject, Deployment):
        return f"{_named(subject.branch)} #{subject.generation}"
    return str(subject)


def _repository_of(subject: Branch | Deployment | Repository | str) -> int | None:
    if isinstance(subject, Repository):
        return subject.pk
    if isinstance(subject, Branch):
        return subject.repository_id
    return subject.branch.repository_id if isinstance(subject, Deployment) else None


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """As JSON gives it back, so that the hash of what is read is that of what was written."""
    plain: dict[str, Any] = json.loads(json.dumps(values or {}, default=str))
    return plain


def _wished(branch: Branch) -> dict[str, Any]:
    found: dict[str, Any] = Branch.objects.values(*_WISHED).get(pk=branch.pk)
    return found

"""Takes each delivery up once, has it decided about, and keeps the decision with its reason."""

from datetime import timedelta

import structlog
from django.db.models import Q
from django.utils import timezone

from . import audit, commands, decisions, installations
from .adapters import wakeups
from .errors import EdahaError
from .models import Delivery, Repository
from .payloads import Event, MalformedPayload, parse
from .secrets import key_ids_for

log = structlog.get_logger(__name__)

_MAX_ATTEMPTS = 8
_CLAIM = timedelta(seconds=60)


def decide_pending(limit: int = 200) -> int:
    """Decide about everything that waits, oldest first; returns how many were decided."""
    now = timezone.now()
    waiting = Delivery.objects.filter(
        Q(due_at=None) | Q(due_at__lte=now), state=Delivery.State.PENDING
    ).order_by("id")
    decided = 0
    for delivery in waiting[:limit]:
        if _claim(delivery):
            _decide_one(delivery)
            decided += 1
    return decided


def replay(delivery: Delivery, *, actor: str) -> bool:
    """Have it decided about once more, by the same rules: what is so is read from git again.

    False where it is still being decided.
    """
    decided = Delivery.objects.filter(pk=delivery.pk).exclude(state=Delivery.State.PENDING)
    is_new = decided.update(
        state=Delivery.State.PENDING,
        attempts=0,
        due_at=None,
        replayed_by=actor[:150],
        replayed_at=timezone.now(),
    )
    if is_new:
        log.info("delivery_replayed", guid=delivery.guid, actor=actor)
        wakeups.wake(wakeups.DECIDE)
        wakeups.notify(delivery=delivery.pk)
    return bool(is_new)


def _claim(delivery: Delivery) -> bool:
    rows = Delivery.objects.filter(
        pk=delivery.pk, state=Delivery.State.PENDING, attempts=delivery.attempts
    )
    delivery.attempts += 1
    return bool(rows.update(attempts=delivery.attempts, due_at=timezone.now() + _CLAIM))


def _decide_one(delivery: Delivery) -> None:
    try:
        event = parse(delivery.event, bytes(delivery.payload))
        delivery.action = event.action[:40]
        decision = _decide(delivery, event)
    except MalformedPayload as problem:
        _close(delivery, Delivery.State.FAILED, f"failed: malformed payload, {problem}")
    except EdahaError as problem:
        _postpone(delivery, problem)
    except Exception:
        log.exception("decision_failed", guid=delivery.guid)
        _postpone(delivery, EdahaError("an error inside Edaha; the log has the details"))
    else:
        _close(delivery, Delivery.State.DECIDED, decision)


def _close(delivery: Delivery, state: Delivery.State, decision: str) -> None:
    delivery.state, delivery.decision = state, decision
    delivery.decided_at = timezone.now()
    delivery.save(
        update_fields=["state", "decision", "decided_at", "action", "repository", "branch"]
    )
    log.info("delivery_decided", guid=delivery.guid, event_kind=delivery.event, decision=decision)
    wakeups.notify(delivery=delivery.pk)


def _postpone(delivery: Delivery, problem: EdahaError) -> None:
    if delivery.attempts >= _MAX_ATTEMPTS:
        _close(delivery, Delivery.State.FAILED, f"failed: {problem.message} {problem.hint}")
        return
    delivery.decision = f"trying again: {problem.message}"
    delivery.due_at = timezone.now() + timedelta(seconds=2**delivery.attempts)
    delivery.save(update_fields=["decision", "due_at", "action", "repository", "branch"])
    wakeups.notify(delivery=delivery.pk)


def _decide(delivery: Delivery, event: Event) -> str:
    if event.kind == "ping":
        return "answered: the webhook works"
    if event.kind in installations.KINDS:
        return installations.decide(delivery, event)
    repository = Repository.objects.filter(full_name__iexact=event.repository).first()
    if repository is None:
        return f"ignored: repository {event.repository or '(none)'} is not known"
    if delivery.key_id not in key_ids_for(repository):
        return "ignored: it is signed with another repository's secret"
    delivery.repository = repository
    if event.kind == "issue_comment":
        return _obey(delivery, repository, event)
    if event.kind not in {"push", "create", "delete", "pull_request"}:
        return f"ignored: {event.kind} events change nothing"
    if not event.branch:
        return "ignored: it is about a tag"
    decision = decisions.decide(repository, event)
    delivery.branch = decision.branch
    return decision.text


def _obey(delivery: Delivery, repository: Repository, event: Event) -> str:
    origin = audit.origin.set(f"comment on {repository.full_name}"[:100])
    try:
        decision = commands.obey(repository, event)
    finally:
        audit.origin.reset(origin)
    delivery.branch = decision.branch
    return decision.text

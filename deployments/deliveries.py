"""Decides about each delivery, and keeps the decision with its reason.

A payload says that something happened; what is so now is read from git. So deliveries may come
late, twice, or in the wrong order.
"""

from datetime import timedelta

import structlog
from django.db.models import Q
from django.utils import timezone

from . import intake
from .adapters import git, wakeups
from .errors import EdahaError
from .models import Branch, Delivery, Deployment, Repository
from .payloads import SKIP_LABEL, Event, MalformedPayload, PullRequest, parse
from .secrets import key_ids_for
from .states import BranchState, Wanted

log = structlog.get_logger(__name__)

_MAX_ATTEMPTS = 8
_CLAIM = timedelta(seconds=60)

#: pull_request actions after which the preview has to be there.
_DEPLOYING_ACTIONS = {"opened", "reopened", "synchronize", "ready_for_review"}
_METADATA_ACTIONS = {"edited", "labeled", "converted_to_draft"}
_OTHER_ACTIONS = _METADATA_ACTIONS | {"unlabeled"}


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
    repository = Repository.objects.filter(full_name__iexact=event.repository).first()
    if repository is None:
        return f"ignored: repository {event.repository or '(none)'} is not known"
    if delivery.key_id not in key_ids_for(repository):
        return "ignored: it is signed with another repository's secret"
    delivery.repository = repository
    if event.kind not in {"push", "create", "delete", "pull_request"}:
        return f"ignored: {event.kind} events change nothing"
    if not event.branch:
        return "ignored: it is about a tag"
    if event.pull_request is not None:
        return _decide_pull_request(delivery, repository, event, event.pull_request)
    if event.is_deleted:
        return _branch_gone(delivery, repository, event)
    return _decide_push(delivery, repository, event)


def _decide_push(delivery: Delivery, repository: Repository, event: Event) -> str:
    branch = Branch.objects.filter(repository=repository, name=event.branch).first()
    has_pull_request = bool(branch and branch.pull_request and branch.wanted == Wanted.PRESENT)
    if not repository.wants(event.branch, has_pull_request=has_pull_request):
        if repository.policy == Repository.Policy.PULL_REQUESTS:
            return f"ignored: no open pull request is known for {event.branch}"
        return f"ignored: {event.branch} matches none of the repository's patterns"
    if event.skip_marker:
        return f"ignored: {event.skip_marker}"
    return _ensure(delivery, repository, event, Deployment.Trigger.PUSH)


def _decide_pull_request(
    delivery: Delivery, repository: Repository, event: Event, pull: PullRequest
) -> str:
    if pull.is_fork:
        return "ignored: the pull request comes from a fork"
    known = Branch.objects.filter(repository=repository, name=event.branch).first()
    delivery.branch = known
    if known is not None and _is_older(known, event, pull):
        return "ignored: a later event of this pull request was here before"
    # Labels and titles change on closed ones, too.
    if event.action == "closed" or not pull.is_open:
        return _pull_request_closed(repository, known, event, pull)
    if event.action not in _DEPLOYING_ACTIONS | _OTHER_ACTIONS:
        return f"ignored: {event.action} changes nothing"
    if not repository.wants(event.branch, has_pull_request=True):
        return f"ignored: {event.branch} matches none of the repository's patterns"
    if known is not None:
        _remember(known, pull)
    reason = _reason_to_skip(repository, event, pull)
    if reason:
        return _skip(known, event, reason)
    if known is not None and event.action in _METADATA_ACTIONS:
        return f"updated title and labels of {known.slug}"
    return _ensure(delivery, repository, event, Deployment.Trigger.PULL_REQUEST)


def _is_older(known: Branch, event: Event, pull: PullRequest) -> bool:
    """Whether what is known of the branch is newer than this event.

    GitHub's times are whole seconds: of a push and a close within the same one, the close is the
    later.
    """
    if known.pull_request_updated_at is None:
        return False
    is_closed = known.wanted == Wanted.ABSENT and event.action == "synchronize"
    if is_closed and pull.updated_at == known.pull_request_updated_at:
        return True
    return pull.updated_at < known.pull_request_updated_at


def _skip(known: Branch | None, event: Event, reason: str) -> str:
    ends = event.action in {"converted_to_draft", "labeled"}
    if known is not None and ends and intake.destroy(known, actor=event.sender, reason=reason):
        return f"destroying {known.slug}: {reason}"
    return f"ignored: {reason}"


def _reason_to_skip(repository: Repository, event: Event, pull: PullRequest) -> str:
    if event.skip_marker:
        return event.skip_marker
    if SKIP_LABEL in pull.labels:
        return f"label {SKIP_LABEL}"
    if pull.is_draft and not repository.deploy_drafts:
        return "the pull request is a draft"
    return ""


def _pull_request_closed(
    repository: Repository, known: Branch | None, event: Event, pull: PullRequest
) -> str:
    if known is None:
        _note_closed(repository, event, pull)
        return f"ignored: {event.branch} has no preview"
    if known.pull_request and known.pull_request != pull.number and known.wanted == Wanted.PRESENT:
        return f"kept {known.slug}: pull request #{known.pull_request} is open for it"
    _remember(known, pull)
    if repository.policy != Repository.Policy.PULL_REQUESTS and repository.wants(
        event.branch, has_pull_request=False
    ):
        return f"kept {known.slug}: the repository's policy gives this branch a preview anyway"
    if not intake.destroy(known, actor=event.sender, reason=f"Pull request #{pull.number} closed"):
        return f"ignored: {known.slug} is {known.state} already"
    return f"destroying {known.slug}: pull request #{pull.number} was closed"


def _note_closed(repository: Repository, event: Event, pull: PullRequest) -> None:
    # An older event of it may still be on its way: it must not bring anything to life.
    if repository.wants(event.branch, has_pull_request=True):
        branch = Branch.for_name(
            repository, event.branch, wanted=Wanted.ABSENT, state=BranchState.DESTROYED
        )
        _remember(branch, pull)


def _branch_gone(delivery: Delivery, repository: Repository, event: Event) -> str:
    branch = Branch.objects.filter(repository=repository, name=event.branch).first()
    if branch is None:
        return f"ignored: {event.branch} has no preview"
    delivery.branch = branch
    while True:
        branch.refresh_from_db()
        if branch.wanted == Wanted.ABSENT:
            return f"ignored: {branch.slug} is {branch.state} already"
        if git.read_head(repository, event.branch) is not None:
            return f"ignored: {event.branch} exists again"
        if intake.want_absent(branch, actor=event.sender, reason="Branch deleted"):
            return f"destroying {branch.slug}: the branch was deleted"


def _ensure(
    delivery: Delivery, repository: Repository, event: Event, trigger: Deployment.Trigger
) -> str:
    """Wish for the branch's head, as git has it now."""
    branch = Branch.objects.filter(repository=repository, name=event.branch).first()
    while True:
        if branch is not None:
            branch.refresh_from_db()
        head = git.read_head(repository, event.branch)
        if head is None:
            return f"ignored: {event.branch} is no longer in the repository"
        if branch is None:
            branch = Branch.for_name(repository, event.branch)
            if event.pull_request is not None:
                _remember(branch, event.pull_request)
        delivery.branch = branch
        if branch.wanted_commit == head and branch.wanted == Wanted.PRESENT:
            return f"ignored: {head[:7]} of {branch.slug} is {branch.state} already"
        if intake.want_commit(branch, head, trigger=trigger, actor=event.sender):
            return f"deploying {head[:7]} to {branch.slug}"


def _remember(branch: Branch, pull: PullRequest) -> None:
    branch.title, branch.author = pull.title[:500], pull.author[:100]
    branch.author_avatar_url, branch.pull_request_url = pull.avatar_url[:500], pull.url[:500]
    branch.pull_request, branch.pull_request_updated_at = pull.number, pull.updated_at
    branch.save(
        update_fields=[
            "title",
            "author",
            "author_avatar_url",
            "pull_request",
            "pull_request_url",
            "pull_request_updated_at",
            "updated_at",
        ]
    )
    if branch.state != BranchState.DESTROYED:
        wakeups.notify(branch=branch.pk)

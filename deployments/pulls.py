"""What is known of a pull request, and how its news are kept: of our own branches, and of forks."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from . import announcing, intake
from .adapters import wakeups
from .leaving_out import LeftOut
from .models import Branch, Repository
from .payloads import Event, PullRequest
from .states import BranchState, Wanted

#: pull_request actions after which the preview has to be there.
_DEPLOYING_ACTIONS = {"opened", "reopened", "synchronize", "ready_for_review"}
_METADATA_ACTIONS = {"edited", "labeled", "converted_to_draft"}
#: Those that may change something.
ACTIONS = _DEPLOYING_ACTIONS | _METADATA_ACTIONS | {"unlabeled"}


@dataclass(frozen=True)
class Decision:
    """What was decided, for people to read, and about which branch."""

    text: str
    branch: Branch | None = None
    #: Why the commit that it is about gets no preview, for its author to read at the commit.
    left_out: str = ""

    @property
    def changes_something(self) -> bool:
        return self.text.startswith(("deploying ", "destroying ", "waiting "))


def is_older(known: Branch, event: Event, pull: PullRequest) -> bool:
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


def end(known: Branch, event: Event, pull: PullRequest, kept: Callable[[], str]) -> str:
    """Wish away what the closed pull request stood for; what became of it, in words.

    `kept` is asked before each try, and says why the branch stays; empty where it does not.
    """
    while True:
        if reason := kept():
            return reason
        if known.wanted == Wanted.ABSENT:
            see(known, "")
            return f"ignored: {known.slug} is {known.state} already"
        reason = f"Pull request #{pull.number} closed"
        if intake.want_absent(known, actor=event.sender, reason=reason, forget=True):
            return f"destroying {known.slug}: pull request #{pull.number} was closed"
        known.refresh_from_db()
        if is_older(known, event, pull):
            return "ignored: a later event of this pull request was here before"


def is_metadata(repository: Repository, event: Event) -> bool:
    """Whether it is no reason to deploy what is known already, or was destroyed by hand."""
    if event.action == "labeled":
        return event.label.casefold() != repository.start_label.casefold() or not event.label
    if event.action == "unlabeled":
        # Where it is not told which label it was, it may have been that one.
        return event.label.casefold() not in {"", repository.skip_label.casefold()}
    if event.action == "edited":
        return not event.has_new_base
    return event.action in _METADATA_ACTIONS


def see(branch: Branch, commit: str) -> None:
    """Take down which head was decided about last; none where it is news if it comes back."""
    Branch.objects.filter(pk=branch.pk).exclude(seen_commit=commit).update(seen_commit=commit)


def remember(branch: Branch, pull: PullRequest) -> None:
    """Take down what people are shown of the pull request."""
    known = {
        "title": pull.title[:500],
        "author": pull.author[:100],
        "author_avatar_url": pull.avatar_url[:500],
        "pull_request_url": pull.url[:500],
        "pull_request": pull.number,
        "base_branch": pull.base_branch,
        "has_start_label": pull.has_label(branch.repository.start_label),
        "pull_request_updated_at": pull.updated_at,
    }
    if branch.is_fork:
        known |= {
            "head_repository": pull.head_repository[:200],
            "head_branch": pull.head_branch,
            "author_association": pull.author_association[:30],
        }
    for name, value in known.items():
        setattr(branch, name, value)
    with transaction.atomic():
        branch.save(update_fields=[*known, "updated_at"])
        if branch.state != BranchState.DESTROYED:
            announcing.changed(branch.pk)
    if branch.state != BranchState.DESTROYED:
        wakeups.notify(branch=branch.pk)


def skip(repository: Repository, known: Branch | None, event: Event, left: LeftOut) -> str:
    """Leave a pull request out; where it had a preview, what says so now ends that."""
    if (
        known is not None
        and left.ends(repository, event)
        and intake.destroy(known, actor=event.sender, reason=left.reason, forget=True)
    ):
        return f"destroying {known.slug}: {left.reason}"
    return f"ignored: {left.reason}"


def pinned(repository: Repository, event: Event, pull: PullRequest, decision: Decision) -> Decision:
    """The decision, after the label that pins had its way with its branch."""
    if decision.branch is not None:
        _pin_by_label(repository, decision.branch, event, pull)
    return decision


def _pin_by_label(repository: Repository, branch: Branch, event: Event, pull: PullRequest) -> None:
    """Let the label that pins have its way, once for each time that it is set or taken away.

    What somebody pinned by hand stays so; what somebody unpinned is not pinned again by the next
    push.
    """
    by = f"label {repository.pin_label}"
    branch.refresh_from_db(fields=["pinned_at", "pinned_by", "wanted"])
    if branch.wanted == Wanted.ABSENT:
        return
    if not pull.has_label(repository.pin_label):
        if branch.pinned_by == by:
            intake.unpin(branch, actor=event.sender or by, reason=f"{by} was taken away")
    elif branch.pinned_at is None and (
        event.label.casefold() == repository.pin_label.casefold()
        or event.action in {"opened", "reopened"}
        or event.is_found
    ):
        intake.pin(branch, actor=by, reason=f"set by {event.sender}" if event.sender else by)

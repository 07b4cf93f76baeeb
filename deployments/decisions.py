"""What an event leads to: the same rules whether a delivery told of it or the reconciler saw it.

An event says that something happened; what is so now is read from git, before the one write that
wishes anything. So events may come late, twice, or in the wrong order.
"""

from . import announcing, forks, intake, leaving_out, touching
from .adapters import git
from .models import Branch, Deployment, Repository
from .payloads import Event, PullRequest, skip_marker
from .pulls import (
    ACTIONS,
    Decision,
    end,
    is_metadata,
    is_older,
    pinned,
    remember,
    see,
    skip,
)
from .states import BranchState, Wanted

__all__ = ["Decision", "decide", "wants", "was_brought_back"]


def decide(repository: Repository, event: Event) -> Decision:
    """Decide about an event of a known branch name, and do it.

    Raises EdahaError where git does not answer.
    """
    decision = _decide(repository, event)
    if decision.left_out:
        pull = event.pull_request
        commit = pull.head_commit if pull is not None else event.commit
        announcing.left_out(repository, commit, decision.left_out)
    return decision


def _decide(repository: Repository, event: Event) -> Decision:
    if event.pull_request is not None:
        return _decide_pull_request(repository, event, event.pull_request)
    if event.is_deleted:
        return _branch_gone(repository, event)
    return _decide_push(repository, event)


def wants(repository: Repository, name: str, known: Branch | None) -> bool:
    """Whether a push to the branch gives it a preview, as far as is known of it."""
    is_open = bool(known and known.pull_request and known.wanted == Wanted.PRESENT)
    return repository.wants(name, has_pull_request=is_open)


def _decide_push(repository: Repository, event: Event) -> Decision:
    known = Branch.objects.filter(repository=repository, name=event.branch).first()
    if not wants(repository, event.branch, known):
        if repository.policy == Repository.Policy.PULL_REQUESTS:
            return Decision(f"ignored: no open pull request is known for {event.branch}", known)
        return Decision(f"ignored: {event.branch} matches none of the repository's patterns", known)
    if event.skip_marker:
        branch = _note_skipped(repository, event)
        return Decision(f"ignored: {event.skip_marker}", branch, left_out=event.skip_marker)
    return _ensure(repository, event)


def _note_skipped(repository: Repository, event: Event) -> Branch:
    # Nobody asks again about a commit that is to be left out.
    branch = _noted(repository, event)
    see(branch, event.commit)
    return branch


def _noted(repository: Repository, event: Event) -> Branch:
    """The branch's row; a new one wants nothing."""
    return Branch.for_name(
        repository, event.branch, wanted=Wanted.ABSENT, state=BranchState.DESTROYED
    )


def _decide_pull_request(repository: Repository, event: Event, pull: PullRequest) -> Decision:
    if pull.is_fork:
        return forks.decide(repository, event, pull)
    known = Branch.objects.filter(repository=repository, name=event.branch).first()
    if known is not None and is_older(known, event, pull):
        return Decision("ignored: a later event of this pull request was here before", known)
    # Labels and titles change on closed ones, too.
    if event.action == "closed" or not pull.is_open:
        return Decision(_pull_request_closed(repository, known, event, pull), known)
    if event.action not in ACTIONS:
        return Decision(f"ignored: {event.action} changes nothing", known)
    if not repository.wants(event.branch, has_pull_request=True):
        why = f"{event.branch} matches none of the repository's patterns"
        return Decision(f"ignored: {why}", known, left_out=why)
    if known is not None:
        remember(known, pull)
    if left := leaving_out.why(repository, event, pull):
        return Decision(skip(repository, known, event, left), known, left_out=left.reason)
    if known is not None and is_metadata(repository, event):
        decision = Decision(f"updated title and labels of {known.slug}", known)
        return pinned(repository, event, pull, decision)
    return pinned(repository, event, pull, _ensure(repository, event))


def _pull_request_closed(
    repository: Repository, known: Branch | None, event: Event, pull: PullRequest
) -> str:
    if known is None:
        if repository.wants(event.branch, has_pull_request=True):
            # An older event of it may still be on its way: it must not bring anything to life.
            remember(_noted(repository, event), pull)
        return f"ignored: {event.branch} has no preview"
    return end(known, event, pull, lambda: _kept(repository, known, pull))


def _kept(repository: Repository, known: Branch, pull: PullRequest) -> str:
    """That a branch stays whose pull request was closed, and why; empty where it does not."""
    if known.pull_request and known.pull_request != pull.number and known.wanted == Wanted.PRESENT:
        return f"kept {known.slug}: pull request #{known.pull_request} is open for it"
    remember(known, pull)
    if repository.policy != Repository.Policy.PULL_REQUESTS and repository.wants(
        known.name, has_pull_request=False
    ):
        return f"kept {known.slug}: the repository's policy gives this branch a preview anyway"
    return ""


def _branch_gone(repository: Repository, event: Event) -> Decision:
    branch = Branch.objects.filter(repository=repository, name=event.branch).first()
    if branch is None:
        return Decision(f"ignored: {event.branch} has no preview")
    while True:
        branch.refresh_from_db()
        if branch.wanted == Wanted.ABSENT:
            see(branch, "")
            return Decision(f"ignored: {branch.slug} is {branch.state} already", branch)
        if git.read_head(repository, event.branch) is not None:
            return Decision(f"ignored: {event.branch} exists again", branch)
        if intake.want_absent(branch, actor=event.sender, reason="Branch deleted", forget=True):
            return Decision(f"destroying {branch.slug}: the branch was deleted", branch)


def _ensure(repository: Repository, event: Event) -> Decision:
    """Wish for the branch's head, as git has it now."""
    branch = Branch.objects.filter(repository=repository, name=event.branch).first()
    while True:
        if branch is not None:
            branch.refresh_from_db()
        head = git.read_head(repository, event.branch)
        if head is None:
            return Decision(f"ignored: {event.branch} is no longer in the repository", branch)
        marker = _marker(repository, event, branch, head)
        branch = branch or _begun(repository, event, is_certain=not (marker or repository.paths))
        if decision := _left(repository, event, branch, head, marker):
            see(branch, head)
            return decision
        if intake.want_commit(branch, head, trigger=_trigger(event), actor=event.sender):
            return Decision(f"deploying {head[:7]} to {branch.slug}", branch)


def _marker(repository: Repository, event: Event, branch: Branch | None, head: str) -> str:
    """What the head's message says for it to be left out; of a push, the event tells it."""
    is_there = branch is not None and branch.wanted == Wanted.PRESENT
    if event.pull_request is None or (is_there and branch and branch.wanted_commit == head):
        return ""
    return skip_marker(git.commit_message(repository, head))


def _begun(repository: Repository, event: Event, *, is_certain: bool) -> Branch:
    branch = Branch.for_name(repository, event.branch) if is_certain else _noted(repository, event)
    if event.pull_request is not None:
        remember(branch, event.pull_request)
    return branch


def _left(
    repository: Repository, event: Event, branch: Branch, head: str, marker: str
) -> Decision | None:
    """That nothing is to be done about the head, and why; None where it is to be deployed."""
    if branch.wanted_commit == head and branch.wanted == Wanted.PRESENT:
        return Decision(f"ignored: {head[:7]} of {branch.slug} is {branch.state} already", branch)
    if event.is_about_commit and branch.seen_commit == head:
        # Skipped, or destroyed by hand since: the same commit again is no news.
        return Decision(f"ignored: {head[:7]} of {branch.slug} was here before", branch)
    if marker:
        return Decision(f"ignored: {marker}", branch, left_out=marker)
    if reason := touching.reason_to_skip(repository, branch, head):
        return Decision(f"ignored: {reason}", branch, left_out=reason)
    return None


def _trigger(event: Event) -> Deployment.Trigger:
    if event.is_found:
        return Deployment.Trigger.FOUND
    if event.pull_request is not None:
        return Deployment.Trigger.PULL_REQUEST
    return Deployment.Trigger.PUSH


def was_brought_back(branch: Branch) -> bool:
    """Whether somebody redeployed it after it had been wished away: that counts until it is news.

    A wish to destroy takes a generation, and makes no deployment.
    """
    by_hand = Deployment.Trigger.by_hand()
    made = dict(branch.deployments.values_list("generation", "trigger"))
    generation = branch.generation
    while made.get(generation) in by_hand:
        generation -= 1
    return generation < branch.generation and generation not in made

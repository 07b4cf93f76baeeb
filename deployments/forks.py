"""What news of a pull request from a fork lead to: its head waits for an approval, or it ends.

The head is read from the repository's own ref of the pull request, whatever the event says. No
policy, name, label or earlier approval has a say in whether it waits.
"""

from . import intake, leaving_out, touching
from .adapters import git
from .errors import PlatformError
from .models import Branch, Repository
from .payloads import Event, PullRequest
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


def decide(repository: Repository, event: Event, pull: PullRequest) -> Decision:
    """Decide about an event, and do it. Raises EdahaError where git does not answer."""
    known = Branch.objects.filter(repository=repository, name=event.branch).first()
    if known is not None and is_older(known, event, pull):
        return Decision("ignored: a later event of this pull request was here before", known)
    if event.action == "closed" or not pull.is_open:
        return Decision(_closed(repository, known, event, pull), known)
    if event.action not in ACTIONS:
        return Decision(f"ignored: {event.action} changes nothing", known)
    if repository.forks == Repository.Forks.OFF:
        why = "the pull request comes from a fork"
        return Decision(f"ignored: {why}", known, left_out=why)
    if known is not None:
        remember(known, pull)
    if left := leaving_out.why(repository, event, pull):
        return Decision(skip(repository, known, event, left), known, left_out=left.reason)
    if known is not None and is_metadata(repository, event):
        decision = Decision(f"updated title and labels of {known.slug}", known)
    else:
        decision = _wait(repository, known, event, pull)
    return pinned(repository, event, pull, decision)


def _wait(
    repository: Repository, branch: Branch | None, event: Event, pull: PullRequest
) -> Decision:
    """Have the head wait, as git has it now."""
    while True:
        if branch is not None:
            branch.refresh_from_db()
        head = git.read_pull_head(repository, pull.number)
        if head is None:
            return Decision(f"ignored: {repository} has no head of #{pull.number}", branch)
        branch = branch or _noted(repository, pull)
        if reason := touching.reason_to_skip(repository, branch, head):
            see(branch, head)
            return Decision(f"ignored: {reason}", branch, left_out=reason)
        if branch.seen_commit == head:
            _check_not_behind(event, pull, head)
            if branch.wanted == Wanted.PRESENT or event.is_about_commit:
                # Approved, waiting, or rejected since: the same commit again is no news.
                return Decision(f"ignored: {head[:7]} of {branch.slug} was here before", branch)
        if intake.await_approval(branch, head, actor=event.sender):
            return Decision(f"waiting for an approval of {head[:7]} for {branch.slug}", branch)


def _check_not_behind(event: Event, pull: PullRequest, head: str) -> None:
    """A push is told of before every one of GitHub's servers shows it."""
    if event.action == "synchronize" and pull.head_commit not in {"", head}:
        raise PlatformError(
            f"GitHub does not show commit {pull.head_commit[:7]} of #{pull.number} yet.", retry=True
        )


def _noted(repository: Repository, pull: PullRequest) -> Branch:
    """The pull request's row; a new one wants nothing."""
    branch = Branch.for_fork(
        repository, pull.number, wanted=Wanted.ABSENT, state=BranchState.DESTROYED
    )
    remember(branch, pull)
    return branch


def _closed(repository: Repository, known: Branch | None, event: Event, pull: PullRequest) -> str:
    if known is None:
        if repository.forks != Repository.Forks.OFF:
            # An older event of it may still be on its way: it must not bring anything to life.
            _noted(repository, pull)
        return f"ignored: {event.branch} has no preview"
    return end(known, event, pull, lambda: _remembered(known, pull))


def _remembered(known: Branch, pull: PullRequest) -> str:
    remember(known, pull)
    return ""  # nothing keeps a fork's preview

"""What deliveries missed: a repository's heads and pull requests, compared with its rows.

Whatever nobody told of is decided about by the same rules as a delivery (`decisions`). Rows are
read first, then git, then GitHub: what a delivery changes meanwhile is left to it.
"""

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

from .. import decisions, leaving_out
from ..adapters import git, hosts
from ..models import Branch, Repository
from ..payloads import Event, PullRequest, skip_marker
from ..states import Wanted

Known = dict[str, Branch]
_NOBODY_TOLD = "and no delivery has told of it"


class Notes(Protocol):
    """Whoever wants to know what was found: a pass's notebook, or a poll."""

    def count(self, name: str, number: int = 1) -> None: ...

    def beat(self) -> None: ...

    def found(self, what: str, done: str) -> None: ...

    def problem(self, sentence: str) -> None: ...

    def guarded(self, what: str) -> AbstractContextManager[None]: ...


def compare(repository: Repository, notebook: Notes, *, is_found: bool = True) -> None:
    """Take up what no delivery told of; raises EdahaError where git does not answer.

    Without `is_found`, looking is how pushes are heard of: they are news as others are.
    """
    known = {branch.name: branch for branch in repository.branches.all()}
    heads = git.heads(repository)
    notebook.count("heads", len(heads))
    if not heads and any(branch.wanted == Wanted.PRESENT for branch in known.values()):
        notebook.problem(
            f"{repository}: git shows no branch at all. That is hardly so: nothing is destroyed."
        )
        return
    comparison = _Comparison(repository, notebook, known, heads, is_found)
    host = hosts.of(repository)
    if host.has_pull_requests:
        with notebook.guarded(f"{repository}: pull requests are not compared"):
            comparison.pull_requests(host.open_pull_requests(repository))
    comparison.heads()
    comparison.gone()


class _Comparison:
    """One repository's rows on one side, its heads on the other."""

    def __init__(
        self,
        repository: Repository,
        notebook: Notes,
        known: Known,
        heads: dict[str, str],
        is_found: bool,
    ) -> None:
        self._is_found = is_found
        self.repository, self.notebook = repository, notebook
        self.known, self._heads = known, heads
        #: Branches that were decided about in this pass.
        self._done: set[str] = set()

    def pull_requests(self, found: list[Event]) -> None:
        """Compare with the complete list of those that are open."""
        self.notebook.count("pull requests", len(found))
        for event in _newest_of_each_branch(found):
            if event.pull_request is not None and self._head_of(event):
                self._open(event, event.pull_request)
        numbers = {event.pull_request.number for event in found if event.pull_request}
        for branch in self.known.values():
            if branch.pull_request and branch.pull_request not in numbers:
                self._not_open(branch, branch.pull_request)

    def heads(self) -> None:
        """Compare every head with the one that was decided about last."""
        for name, head in self._heads.items():
            branch = self.known.get(name)
            if name in self._done or (branch is not None and branch.seen_commit == head):
                continue
            if decisions.wants(self.repository, name, branch):
                self._head(name, head, branch)

    def gone(self) -> None:
        """Compare every row with the heads; git is asked again before anything ends."""
        for name, branch in self.known.items():
            if name in self._heads or name in self._done or branch.is_fork:
                continue  # a fork's end is its pull request's
            if branch.wanted == Wanted.PRESENT:
                if decisions.was_brought_back(branch):
                    continue
                event = replace(self._event(name), kind="delete", is_deleted=True)
                self._decide(event, f"{name} of {self.repository} is no longer there")
            elif branch.seen_commit:
                # Should it come back with the same commit, that is news.
                _forget(branch)

    def _open(self, event: Event, pull: PullRequest) -> None:
        branch = self.known.get(event.branch)
        action = self._action(event, pull, branch)
        if not action:
            return
        is_change = branch is not None and branch.wanted == Wanted.PRESENT
        what = f"Pull request #{pull.number} of {self.repository} ({event.branch}) "
        what += "has changed" if is_change else "is open"
        before = (branch.title, branch.pull_request) if branch else None
        is_rebased = branch is not None and branch.base_branch not in {"", pull.base_branch}
        decision = self._decide(replace(event, action=action, has_new_base=is_rebased), what)
        if is_change and not decision.changes_something and before != (pull.title, pull.number):
            self.notebook.found(f"{what}, {_NOBODY_TOLD}", decision.text)

    def _action(self, event: Event, pull: PullRequest, branch: Branch | None) -> str:
        """What the delivery that nobody got must have said; empty where there was none."""
        if branch is None:
            return "opened"
        told_at = branch.pull_request_updated_at
        left = leaving_out.why(self.repository, event, pull)
        if branch.wanted == Wanted.ABSENT:
            # By hand it stays away, until there is a new commit or it is reopened.
            is_news = branch.seen_commit != self._head_of(event)
            is_known = left is not None and pull.updated_at == told_at
            return "reopened" if is_news and not is_known else ""
        if branch.is_fork and branch.seen_commit != pull.head_commit and left is None:
            return "synchronize"
        if branch.pull_request == pull.number and told_at and pull.updated_at <= told_at:
            return ""
        if left is None or not left.action:
            return "edited"
        # What a person brought back in spite of a filter stays: comments, too, change the time.
        stays = not left.is_explicit and decisions.was_brought_back(branch)
        return "edited" if stays else left.action

    def _head_of(self, event: Event) -> str:
        """Where its branch is now; of a fork, as GitHub tells it. Empty where it is gone."""
        pull = event.pull_request
        if pull is None or not pull.is_fork:
            return self._heads.get(event.branch, "")
        return pull.head_commit if self.repository.forks != Repository.Forks.OFF else ""

    def _not_open(self, branch: Branch, number: int) -> None:
        if branch.wanted == Wanted.ABSENT:
            if branch.seen_commit:
                _forget(branch)  # should it be reopened, that is news
            return
        if not branch.is_fork and self.repository.wants(branch.name, has_pull_request=False):
            return
        if decisions.was_brought_back(branch):
            return
        what = f"Pull request #{number} of {self.repository} ({branch.name}) is closed"
        with self.notebook.guarded(what):
            # As it is now: the list may be older than a delivery that came meanwhile.
            event = hosts.of(self.repository).pull_request(self.repository, number)
            if event.pull_request is not None and not event.pull_request.is_open:
                self._decide(replace(event, action="closed"), what)

    def _head(self, name: str, head: str, branch: Branch | None) -> None:
        is_wanted = branch is not None and branch.wanted == Wanted.PRESENT
        is_known = is_wanted and branch is not None and branch.wanted_commit == head
        what = f"{name} of {self.repository} is at {head[:7]}"
        with self.notebook.guarded(what):
            message = "" if is_known else git.commit_message(self.repository, head)
            event = replace(self._event(name), commit=head, skip_marker=skip_marker(message))
            self._decide(event, what)

    def _event(self, name: str) -> Event:
        name_of_it = self.repository.full_name
        return Event("push", repository=name_of_it, branch=name, is_found=self._is_found)

    def _decide(self, event: Event, what: str) -> decisions.Decision:
        self.notebook.beat()
        decision = decisions.Decision("ignored: it could not be decided about")
        with self.notebook.guarded(what):
            decision = decisions.decide(self.repository, event)
            if decision.changes_something:
                self._done.add(event.branch)
                self.notebook.found(f"{what}, {_NOBODY_TOLD}", decision.text)
        return decision


def _newest_of_each_branch(found: list[Event]) -> list[Event]:
    """A branch may have several open pull requests: it is known by the one that changed last."""
    newest: dict[str, Event] = {}
    for event in sorted(found, key=_changed_at):
        if event.pull_request is not None:
            newest[event.branch] = event
    return list(newest.values())


def _changed_at(event: Event) -> float:
    return event.pull_request.updated_at.timestamp() if event.pull_request else 0.0


def _forget(branch: Branch) -> None:
    unchanged = Branch.objects.filter(pk=branch.pk, generation=branch.generation)
    unchanged.filter(wanted=Wanted.ABSENT).update(seen_commit="")

"""Why a pull request is to have no preview, by what is known of it without looking into git.

The same for a delivery and for what the reconciler found. In this order: a marker, the label that
takes it away, the label that gives one in any case, and the repository's filters.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .models import Repository
from .payloads import Event, PullRequest


@dataclass(frozen=True)
class LeftOut:
    reason: str
    #: The pull_request action that is the news of it: it ends a preview that is there. Empty where
    #: a preview that somebody got by another way stays.
    action: str = ""
    #: Whether it holds against what a person did at the dashboard or by a comment, too.
    is_explicit: bool = True

    def ends(self, repository: Repository, event: Event) -> bool:
        """Whether the event takes away a preview that is there."""
        if event.action == "unlabeled":
            # Of a label that means nothing here, it is no news. The reconciler knows no label.
            is_start = event.label.casefold() == repository.start_label.casefold()
            return is_start or (not event.label and self.action == "unlabeled")
        if event.action == "edited":
            return event.has_new_base and self.action == "edited"
        return self.is_explicit and event.action in {"labeled", "converted_to_draft"}


def why(repository: Repository, event: Event, pull: PullRequest) -> LeftOut | None:
    """The first reason; None where it is to have a preview, as far as this goes."""
    if event.skip_marker:
        return LeftOut(event.skip_marker)
    if pull.has_label(repository.skip_label):
        return LeftOut(f"label {repository.skip_label}", "labeled")
    if pull.has_label(repository.start_label):
        return None
    return next(_filtered(repository, pull), None)


def _filtered(repository: Repository, pull: PullRequest) -> Iterator[LeftOut]:
    if pull.is_draft and not repository.deploy_drafts:
        yield LeftOut("the pull request is a draft", "converted_to_draft")
    bases = repository.base_branches
    if bases and not any(fnmatchcase(pull.base_branch, pattern) for pattern in bases):
        reason = f"its base {pull.base_branch} matches none of the repository's base branches"
        yield LeftOut(reason, "edited", is_explicit=False)
    if is_bot(repository, pull) and not repository.deploy_bots:
        yield LeftOut(f"{pull.author} is a bot", is_explicit=False)
    if repository.only_with_label:
        yield LeftOut(f"it has no label {repository.start_label}", "unlabeled", is_explicit=False)


def is_bot(repository: Repository, pull: PullRequest) -> bool:
    names = {name.casefold().removesuffix("[bot]") for name in repository.bots}
    return pull.is_bot or pull.author.casefold().removesuffix("[bot]") in names

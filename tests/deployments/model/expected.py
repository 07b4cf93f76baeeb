"""What has to be live at last: a few rules in plain Python, and nothing of Edaha's own code."""

from collections import defaultdict
from dataclasses import dataclass, field

NOTHING = ""


@dataclass
class _Known:
    head: str = ""
    #: Heads that it has had since it was made, with those that say [skip ci].
    history: list[str] = field(default_factory=list)
    #: Also those from before it was deleted and made again.
    ever: set[str] = field(default_factory=lambda: {NOTHING})
    #: Somebody cancelled its deployment: what was live before stays, until there is a new commit.
    is_cancelled: bool = False
    is_skipped: bool = False
    has_pull_request: bool = False
    is_draft: bool = False
    is_labelled: bool = False
    #: Somebody destroyed it by hand: it stays away until there is news.
    is_away: bool = False
    #: There was news that may have got lost: both is right.
    is_unsure: bool = False


@dataclass
class Expected:
    needs_pull_request: bool = True
    _branches: dict[str, _Known] = field(default_factory=lambda: defaultdict(_Known))

    def pushed(self, name: str, commit: str, *, is_skipped: bool = False) -> None:
        known = self._branches[name]
        if not known.head:
            known.history = []
        known.head, known.is_skipped = commit, is_skipped
        known.history.append(commit)
        known.ever.add(commit)
        known.is_cancelled = known.is_cancelled and is_skipped
        known.is_unsure = is_skipped and (known.is_unsure or known.is_away)
        known.is_away = known.is_away and is_skipped

    def deleted(self, name: str) -> None:
        known = self._branches[name]
        known.head, known.is_away, known.is_unsure = "", False, False
        known.has_pull_request = False

    def opened(self, name: str, *, is_draft: bool) -> None:
        known = self._branches[name]
        known.has_pull_request, known.is_draft, known.is_labelled = True, is_draft, False
        self._news(known)

    def reopened(self, name: str) -> None:
        known = self._branches[name]
        known.has_pull_request = True
        self._news(known)

    def closed(self, name: str) -> None:
        self._branches[name].has_pull_request = False

    def marked(
        self, name: str, *, is_draft: bool | None = None, is_labelled: bool | None = None
    ) -> None:
        known = self._branches[name]
        known.is_draft = known.is_draft if is_draft is None else is_draft
        known.is_labelled = known.is_labelled if is_labelled is None else is_labelled
        self._news(known)

    def clicked_redeploy(self, name: str) -> None:
        known = self._branches[name]
        known.is_away = known.is_unsure = known.is_cancelled = False

    def clicked_destroy(self, name: str) -> None:
        self._branches[name].is_away = True

    def clicked_cancel(self, name: str) -> None:
        self._branches[name].is_cancelled = True

    def is_away(self, name: str) -> bool:
        return self._branches[name].is_away

    def is_wanted(self, name: str) -> bool:
        """Whether it would be there, were it not for a click on “destroy”."""
        known = self._branches[name]
        if not known.head:
            return False
        if known.has_pull_request:
            return not (known.is_draft or known.is_labelled)
        return not self.needs_pull_request

    def commits(self, name: str) -> set[str]:
        """What may be live of it: a commit, or NOTHING."""
        known = self._branches[name]
        if not self.is_wanted(name):
            return {NOTHING}
        if known.is_cancelled:
            return known.ever
        if known.is_skipped:
            # Its pull request may be news of the same commit; or there was never another one.
            return {*known.history, NOTHING}
        if known.is_unsure:
            return {known.head, NOTHING}
        return {NOTHING} if known.is_away else {known.head}

    def _news(self, known: _Known) -> None:
        known.is_unsure = known.is_unsure or known.is_away

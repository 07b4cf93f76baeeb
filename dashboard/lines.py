"""One preview's line in the list: read with few columns, rendered once while nothing changes."""

from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.db.models.functions import Left
from django.template.loader import render_to_string
from django.utils import translation

from deployments.config import config
from deployments.models import Branch
from deployments.states import BranchState

from .forks import waiting_label
from .presentation import avatar_address, failure, first_line, web_address

#: Of an error, which may be a whole log: enough for its first line.
_ERROR_SHOWN = 300
_COLUMNS = (
    "id",
    "title",
    "name",
    "slug",
    "pull_request",
    "pull_request_url",
    "author",
    "author_avatar_url",
    "wanted_commit",
    "waiting_commit",
    "is_fork",
    "head_repository",
    "head_branch",
    "state",
    "state_changed_at",
    "created_at",
    "visited_at",
    "expires_at",
    "expiry_warned_at",
    "pinned_at",
    "live_id",
    "repository__full_name",
    "deployment__commit",
    "deployment__cause",
)


class PreviewLine(NamedTuple):
    """Everything that a preview's line shows; equal lines look the same."""

    id: int
    title: str
    repository: str
    branch: str
    url: str
    pull_request: int | None
    pull_request_url: str
    author: str
    avatar_url: str
    state: str
    changed_at: datetime
    created_at: datetime
    visited_at: datetime | None
    ends_at: datetime | None
    commit: str
    error: str
    cause: str
    is_served: bool
    is_pinned: bool
    ends_soon: bool
    waits: bool
    waits_only: bool

    @classmethod
    def of(cls, row: dict[str, Any]) -> "PreviewLine":
        """From a row of `columns`."""
        failed = row["state"] == BranchState.FAILED
        # Of one that is wished away, nothing waits: that is taken away with the wish.
        waiting, deployed = row["waiting_commit"], row["deployment__commit"]
        return cls(
            id=row["id"],
            title=row["title"] or row["name"],
            repository=row["repository__full_name"],
            branch=_branch(row),
            url=config().preview_url(row["slug"]),
            pull_request=row["pull_request"],
            pull_request_url=web_address(row["pull_request_url"]),
            author=row["author"],
            avatar_url=avatar_address(row["author_avatar_url"]),
            state=row["state"],
            changed_at=row["state_changed_at"],
            created_at=row["created_at"],
            visited_at=row["visited_at"],
            ends_at=row["expires_at"],
            commit=(deployed or waiting or row["wanted_commit"])[:7],
            error=first_line(row["error"] or "") if failed else "",
            cause=(row["deployment__cause"] or "") if failed else "",
            is_served=row["live_id"] is not None,
            is_pinned=row["pinned_at"] is not None,
            ends_soon=row["expiry_warned_at"] is not None,
            waits=bool(waiting and deployed),
            waits_only=bool(waiting and not deployed),
        )

    @property
    def failure(self) -> str:
        """Why it failed: the kind of failure where it is known."""
        return failure(self.cause, self.error)

    @property
    def label(self) -> str:
        return waiting_label() if self.waits_only else str(BranchState(self.state).label)

    @property
    def state_class(self) -> str:
        return f"state-{self.state}"


def html(row: dict[str, Any], *, language: str = "", is_favourite: bool = False) -> str:
    """A row of `columns` as its line in a language; made once a process while nothing changes.

    Whose favourite it is, is all that differs between people: two lines serve everybody. Without
    a language it is the current one.
    """
    return _html(_values(row), is_favourite, language or translation.get_language() or "en")


#: What a row is told by: as it was read, since most lines are there already.
_SHOWN = (*_COLUMNS, "error")
_values = itemgetter(*_SHOWN)


@lru_cache(maxsize=8192)
def _html(values: tuple[Any, ...], is_favourite: bool, language: str) -> str:
    line = PreviewLine.of(dict(zip(_SHOWN, values, strict=True)))
    with translation.override(language):
        context = {"row": line, "is_favourite": is_favourite}
        return render_to_string("branches/_row.html", context)


def _branch(row: dict[str, Any]) -> str:
    told = ("name", "is_fork", "head_repository", "head_branch")
    return Branch(**{name: row[name] for name in told}).shown_name


def columns(branches: QuerySet[Branch]) -> QuerySet[Branch, dict[str, Any]]:
    """What lines are made of, in one query and without the rest of the rows."""
    error = Left("deployment__error", _ERROR_SHOWN)
    rows: QuerySet[Branch, dict[str, Any]] = branches.values(*_COLUMNS, error=error)
    return rows

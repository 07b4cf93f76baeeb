"""git: the history of a branch, as people read it."""

from pathlib import Path
from typing import NamedTuple

from ..causes import Cause
from ..errors import PlatformError, UserError
from ..models import Repository
from .gitcommand import has_commit, run

#: More of a subject than anybody reads in a list.
_SUBJECT_MAX, _AUTHOR_MAX = 200, 100
_FIELDS = "%H%x1f%an%x1f%ct%x1f%s"


class Commit(NamedTuple):
    commit: str
    author: str
    subject: str
    #: Seconds since the epoch.
    at: int


class Changes(NamedTuple):
    """What came between two commits."""

    #: The newest ones.
    newest: list[Commit]
    total: int


def changes(repository: Repository, mirror: Path, since: str, until: str, *, limit: int) -> Changes:
    """Commits that `until` has and `since` has not, newest first.

    Without `since`, or where the mirror does not have it, it is the commit `until` alone.
    """
    left_out = [f"^{since}"] if since and has_commit(repository, mirror, since) else []
    only = [] if left_out else ["--max-count=1"]
    range_ = ["--end-of-options", until, *left_out, "--"]
    count = int(run(repository, ["rev-list", "--count", *only, *range_], at=mirror))
    shown = only or [f"--max-count={limit}"]
    output = run(repository, ["log", "-z", f"--format={_FIELDS}", *shown, *range_], at=mirror)
    return Changes([_commit(each) for each in output.split("\0") if each], count)


def resolve(repository: Repository, mirror: Path, commit: str, head: str) -> str:
    """The whole hash of a commit that the branch with this head has.

    Raises UserError where it has no such commit, or more than one that begins so.
    """
    try:
        spec = f"{commit}^{{commit}}"
        found = run(
            repository, ["rev-parse", "--verify", "--quiet", "--end-of-options", spec], at=mirror
        ).strip()
        run(repository, ["merge-base", "--is-ancestor", found, head], at=mirror)
    except PlatformError:
        raise UserError(
            f"The branch has no commit {commit}.",
            hint="Choose one of the branch’s own commits; give more of its digits if others "
            "begin like it.",
            cause=Cause.GIT,
        ) from None
    return found


def _commit(line: str) -> Commit:
    commit, author, at, subject = line.split("\x1f", 3)
    return Commit(commit, _text(author, _AUTHOR_MAX), _text(subject, _SUBJECT_MAX), int(at))


def _text(raw: str, most: int) -> str:
    """Whatever bytes there are, as text that every database keeps."""
    clean = raw.encode(errors="replace").decode(errors="replace").replace("\0", "")
    return clean[:most]

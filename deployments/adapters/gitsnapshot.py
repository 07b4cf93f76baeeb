"""git: one commit of a branch without its history, for whoever has no mirror of the repository."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import PlatformError, UserError
from ..models import Branch, Repository
from .git import read_head, read_pull_head
from .gitcommand import has_commit, repository_cache, run
from .gitpulls import FETCH

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_SECONDS = 60


def head_of(branch: Branch) -> str | None:
    """Where the branch, or the fork's pull request, is now; None where it does not exist."""
    if branch.is_fork:
        return read_pull_head(branch.repository, branch.pull_request or 0)
    return read_head(branch.repository, branch.name)


def has(repository: Repository, head: str, commit: str) -> bool:
    """Whether the commit is this head, or leads to it.

    GitHub hands out every commit of every fork by its hash: that it can be had says nothing.
    """
    if commit == head:
        return True
    with _bare(repository) as bare:
        _fetch(repository, bare, head, "--filter=tree:0")
        if not has_commit(repository, bare, commit):
            return False
        try:
            run(repository, ["merge-base", "--is-ancestor", commit, head], at=bare)
        except PlatformError:
            return False
    return True


@contextmanager
def snapshot(repository: Repository, commit: str) -> Iterator[Path]:
    """A bare repository with the files of this commit alone; gone afterwards."""
    with _bare(repository) as bare:
        _fetch(repository, bare, commit, "--depth=1")
        yield bare


@contextmanager
def _bare(repository: Repository) -> Iterator[Path]:
    folder = repository_cache(repository)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="snapshot-", dir=folder) as place:
        run(repository, ["init", "--quiet", "--bare", place])
        # git leaves something out only where the origin has a name.
        run(repository, ["remote", "add", "--", "origin", repository.clone_url], at=Path(place))
        yield Path(place)


def _fetch(repository: Repository, bare: Path, commit: str, how: str) -> None:
    if not _COMMIT.fullmatch(commit):
        raise UserError(f"“{commit}” is not a commit.")
    arguments = [*FETCH, how, "--", "origin", f"+{commit}:refs/edaha/head"]
    run(repository, arguments, at=bare, timeout=_SECONDS)

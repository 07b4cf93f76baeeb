"""A branch's files on disk: one persistent worktree for a branch, without a `.git` in it."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..errors import PlatformError
from ..models import Branch, Repository
from .gitcommand import locked, repository_cache, run

#: Files are written as they were committed. What was read and checked (a Dockerfile's frontend)
#: would not be what is built if a repository's .gitattributes could give it another encoding.
_VERBATIM = "* !text !crlf !eol !ident !filter !working-tree-encoding\n"


def checkout(repository: Repository, branch: Branch, commit: str) -> Path:
    """The branch's worktree with exactly the files of `commit` (which was fetched before).

    Call it while holding the worktree. There is no `.git` in it: that would be part of every
    `COPY . .`, and differ from branch to branch.
    """
    try:
        return _check_out(repository, branch, commit)
    except PlatformError:
        # Whatever an interrupted checkout left there, it is quickly made anew.
        _forget_files(repository, branch)
        return _check_out(repository, branch, commit)


def _check_out(repository: Repository, branch: Branch, commit: str) -> Path:
    worktree = worktree_path(repository, branch)
    worktree.mkdir(parents=True, exist_ok=True)
    mirror = repository_cache(repository) / "mirror.git"
    _ignore_attributes(mirror)
    place = {
        "GIT_DIR": str(mirror),
        "GIT_WORK_TREE": str(worktree),
        "GIT_INDEX_FILE": str(_index(worktree)),
    }
    run(repository, ["read-tree", "--reset", "-u", commit], at=worktree, place=place)
    run(repository, ["clean", "--quiet", "-ffdx"], at=worktree, place=place)
    return worktree


def _ignore_attributes(mirror: Path) -> None:
    """This file comes before every .gitattributes: gitattributes(5)."""
    if mirror.exists():  # git tells of one that has vanished
        (mirror / "info").mkdir(exist_ok=True)
        (mirror / "info/attributes").write_text(_VERBATIM)


def _index(worktree: Path) -> Path:
    return worktree.with_suffix(".index")


def _forget_files(repository: Repository, branch: Branch) -> None:
    forget_files(worktree_path(repository, branch))


def forget_files(worktree: Path) -> None:
    """Remove a worktree and what git keeps beside it."""
    shutil.rmtree(worktree, ignore_errors=True)
    for path in (_index(worktree), _index(worktree).with_suffix(".index.lock")):
        path.unlink(missing_ok=True)


@contextmanager
def worktree_held(
    repository: Repository, branch: Branch, beat: Callable[[], None]
) -> Iterator[None]:
    """Nobody else changes the branch's files meanwhile.

    While somebody else holds them, `beat` is called every second; what it raises goes on.
    """
    path = lock_path(worktree_path(repository, branch))
    path.parent.mkdir(parents=True, exist_ok=True)
    while (lock := try_lock(path)) is None:
        beat()
        time.sleep(1)
    with lock:
        yield


def lock_path(worktree: Path) -> Path:
    return worktree.with_suffix(".lock")


def try_lock(path: Path) -> IO[str] | None:
    """The lock file, held until it is closed; None where somebody else holds it."""
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever tidies up removes the file while holding it: then it locks nobody out any more.
        if os.fstat(lock.fileno()).st_ino == path.stat().st_ino:
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    lock.close()
    return None


def remove_worktree(repository: Repository, branch: Branch) -> None:
    """Forget the branch on this machine; no error if there is nothing."""
    _forget_files(repository, branch)
    mirror = repository_cache(repository) / "mirror.git"
    if mirror.exists():
        with locked(repository):
            run(repository, ["update-ref", "-d", f"refs/edaha/{branch.pk}"], at=mirror)


def worktree_path(repository: Repository, branch: Branch) -> Path:
    return repository_cache(repository) / "worktrees" / str(branch.pk)

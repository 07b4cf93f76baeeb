"""What earlier work left in this machine's folders: found, and removed where nobody uses it.

Only names that Edaha gives are touched, in its own cache folder and among temporary folders.
"""

import shutil
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..config import config
from ..models import Repository
from .buildx import PRIVATE_FOLDERS
from .gitcommand import locked, repository_cache, run
from .worktree import forget_files, lock_path, try_lock

_REFS = "refs/edaha/"
_DAY_SECONDS = 24 * 3600


def repositories() -> set[int]:
    """Ids of the repositories that have a folder here."""
    return _numbers(config().cache.absolute() / "repositories")


def worktrees(repository: int) -> set[int]:
    """Ids of the branches that have files here."""
    return _numbers(_folder(repository) / "worktrees")


def refs(repository: Repository) -> set[int]:
    """Ids of the branches whose commits the mirror keeps."""
    mirror = repository_cache(repository) / "mirror.git"
    if not (mirror / "HEAD").exists():
        return set()
    told = run(repository, ["for-each-ref", "--format=%(refname)", _REFS], at=mirror)
    names = (line.removeprefix(_REFS) for line in told.splitlines())
    return {int(name) for name in names if name.isdecimal()}


def remove_worktree_files(repository: int, branch: int) -> bool:
    """Remove a branch's files; False where a build uses them."""
    worktree = _folder(repository) / "worktrees" / str(branch)
    held = try_lock(lock_path(worktree))
    if held is None:
        return False
    with held:
        forget_files(worktree)
        lock_path(worktree).unlink(missing_ok=True)
    return True


def remove_refs(repository: Repository, branches: Iterable[int]) -> None:
    """Let the mirror forget these branches' commits."""
    mirror = repository_cache(repository) / "mirror.git"
    with locked(repository):
        for branch in branches:
            run(repository, ["update-ref", "-d", f"{_REFS}{branch}"], at=mirror)


def remove_repository(repository: int) -> None:
    """Remove the mirror and what is around it, unless a build uses one of its worktrees."""
    if not all(remove_worktree_files(repository, each) for each in worktrees(repository)):
        return
    folder = _folder(repository)
    for name in ("mirror.git", "mirror.new"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "lock").unlink(missing_ok=True)
    for empty in (folder / "worktrees", folder):
        with suppress(OSError):  # somebody put something there that is not ours
            empty.rmdir()


def remove_build_folders() -> None:
    """Those of builds that were killed: nothing builds for a day."""
    for path in Path(tempfile.gettempdir()).glob(f"{PRIVATE_FOLDERS}*"):
        with suppress(OSError):
            if path.lstat().st_mtime < time.time() - _DAY_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def _folder(repository: int) -> Path:
    return config().cache.absolute() / "repositories" / str(repository)


def _numbers(folder: Path) -> set[int]:
    """What is called by a row's id: 7, 7.index and 7.lock are all about 7."""
    if not folder.is_dir():
        return set()
    names = (path.name.partition(".")[0] for path in folder.iterdir() if not path.is_symlink())
    return {int(name) for name in names if name.isdecimal() and name.isascii()}

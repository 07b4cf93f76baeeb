"""git: heads at the origin, and one mirror for a repository, from which commits are read.

Mirror and worktrees live in the cache folder and can be lost at any time. Branch names are only
ever passed as parts of a ref. A commit is fetched by its hash.
"""

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import PlatformError, UserError
from ..models import Branch, Repository
from .gitchanges import changed_files
from .gitcommand import has_commit, locked, repository_cache, run
from .gitpulls import FETCH as _FETCH
from .gitpulls import bring_pull_commit, read_pull_head
from .worktree import checkout, remove_worktree, worktree_held, worktree_path

__all__ = [
    "changed_files",
    "checkout",
    "commit_message",
    "commit_subject",
    "fetch",
    "fetch_branch",
    "heads",
    "is_link",
    "mirror_path",
    "object_hash",
    "read_head",
    "read_pull_head",
    "remove_worktree",
    "repository_cache",
    "tree_entries",
    "worktree_held",
    "worktree_path",
]

_HEADS = "refs/heads/"
#: GitHub's names are no longer, and neither is the column.
_NAME_MAX = 255
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def read_head(repository: Repository, branch_name: str) -> str | None:
    """The commit that the branch points to now, at its origin; None where it does not exist."""
    ref = f"{_HEADS}{branch_name}"
    output = run(repository, ["ls-remote", "--refs", "--", repository.clone_url, ref], timeout=60)
    for line in output.split("\n"):
        commit, _, name = line.partition("\t")
        # ls-remote takes its argument as a pattern's tail: "x" would match "a/x" as well.
        if name == ref:
            return commit
    return None


def heads(repository: Repository) -> dict[str, str]:
    """Branch name → commit of every branch at the origin, in one call."""
    arguments = ["ls-remote", "--heads", "--refs", "--", repository.clone_url]
    # A name may have what `splitlines` takes for an end of line, such as U+2028.
    output = run(repository, arguments, timeout=60)
    found = (line.partition("\t") for line in output.split("\n"))
    return {name.removeprefix(_HEADS): commit for commit, _, name in found if _is_branch(name)}


def _is_branch(ref: str) -> bool:
    """Whether it is a branch that could come in a payload: git's own names are any bytes."""
    name = ref.removeprefix(_HEADS)
    # With a colon, which git takes in no ref, it could pass for a fork's pull request.
    is_text = ":" not in name and not any("\ud800" <= character <= "\udfff" for character in name)
    return name != ref and is_text and len(name) <= _NAME_MAX


def commit_message(repository: Repository, commit: str) -> str:
    """The whole message of a commit, wherever its mirror is.

    Only the commit is fetched, into a folder of its own: the mirror may be on another machine.
    """
    if not _COMMIT.fullmatch(commit):
        raise UserError(f"“{commit}” is not a commit.")
    mirror = mirror_path(repository)
    if (mirror / "HEAD").exists() and has_commit(repository, mirror, commit):
        return _message(repository, mirror, commit)
    folder = repository_cache(repository)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="message-", dir=folder) as place:
        bare = Path(place)
        run(repository, ["init", "--quiet", "--bare", place])
        # git leaves files out only where the origin has a name.
        run(repository, ["remote", "add", "--", "origin", repository.clone_url], at=bare)
        arguments = [*_FETCH, "--depth=1", "--filter=tree:0", "--", "origin"]
        run(repository, [*arguments, f"+{commit}:refs/edaha/head"], at=bare, timeout=60)
        return _message(repository, bare, commit)


def _message(repository: Repository, folder: Path, commit: str) -> str:
    return run(repository, ["log", "-1", "--format=%B", commit, "--"], at=folder)


def fetch(repository: Repository, branch: Branch, commit: str) -> Path:
    """Bring `commit` into the repository's mirror, and return the mirror's path."""
    if not _COMMIT.fullmatch(commit):
        raise UserError(f"“{commit}” is not a commit.")
    mirror = mirror_path(repository)
    with locked(repository):
        if not (mirror / "HEAD").exists():
            _make_mirror(repository, mirror)
        if not has_commit(repository, mirror, commit):
            try:
                _bring(repository, branch, mirror, commit)
            except PlatformError:
                if not _mend(repository, mirror):
                    raise
                _bring(repository, branch, mirror, commit)
    return mirror


def fetch_branch(repository: Repository, name: str) -> str | None:
    """Bring another branch's head into the mirror; its commit, or None where it does not exist."""
    head = read_head(repository, name)
    mirror = mirror_path(repository)
    if head is not None and not has_commit(repository, mirror, head):
        ref = f"refs/heads/{name}"
        with locked(repository):
            run(repository, [*_FETCH, "--", repository.clone_url, f"+{head}:{ref}"], at=mirror)
    return head


def mirror_path(repository: Repository) -> Path:
    return repository_cache(repository) / "mirror.git"


def object_hash(repository: Repository, mirror: Path, commit: str, path: str) -> str | None:
    """The hash of a tree or blob at `path` in `commit`; None where there is none."""
    spec = f"{commit}:{'' if path in {'', '.'} else path.removeprefix('./')}"
    try:
        return run(
            repository, ["rev-parse", "--verify", "--quiet", "--end-of-options", spec], at=mirror
        ).strip()
    except PlatformError:
        return None


def tree_entries(
    repository: Repository, mirror: Path, commit: str, path: str
) -> list[tuple[str, str, str]]:
    """(mode, hash, path from the root) of every file at or beneath `path`, in git's own order.

    Submodules are among them, with mode 160000. Empty where there is nothing.
    """
    where = [] if path in {"", "."} else [path.removeprefix("./")]
    output = run(
        repository,
        ["ls-tree", "-r", "-z", "--full-tree", commit, "--", *where],
        at=mirror,
        # `:(top)` would be a pattern otherwise.
        place={"GIT_LITERAL_PATHSPECS": "1"},
    )
    found = []
    for line in output.split("\0")[:-1]:
        about, _, name = line.partition("\t")
        mode, _kind, digest = about.split(" ")
        found.append((mode, digest, name))
    return found


def is_link(repository: Repository, mirror: Path, commit: str, path: str) -> bool:
    """Whether there is a symbolic link at `path`."""
    found = run(repository, ["ls-tree", "--full-tree", commit, "--", path], at=mirror)
    return found.startswith("120000 ")


def commit_subject(repository: Repository, mirror: Path, commit: str) -> str:
    return run(repository, ["log", "-1", "--format=%s", commit], at=mirror).strip()[:200]


def _make_mirror(repository: Repository, mirror: Path) -> None:
    shutil.rmtree(mirror, ignore_errors=True)
    unfinished = mirror.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    run(repository, ["init", "--quiet", "--bare", str(unfinished)])
    run(
        repository,
        [*_FETCH, "--", repository.clone_url, "+refs/heads/*:refs/heads/*"],
        at=unfinished,
    )
    unfinished.rename(mirror)


def _bring(repository: Repository, branch: Branch, mirror: Path, commit: str) -> None:
    if branch.is_fork:
        bring_pull_commit(repository, branch, mirror, commit)
        return
    refspec = f"+{commit}:refs/edaha/{branch.pk}"
    run(repository, [*_FETCH, "--", repository.clone_url, refspec], at=mirror)


def _mend(repository: Repository, mirror: Path) -> bool:
    """Clear away what a killed git left in the mirror; False when there was nothing.

    Nobody else works there meanwhile, so whatever is locked was locked by one that is dead.
    """
    locks = list(mirror.rglob("*.lock"))
    for lock in locks:
        lock.unlink()
    try:
        run(repository, ["rev-parse", "--git-dir"], at=mirror)
    except PlatformError:
        _make_mirror(repository, mirror)
        return True
    return bool(locks)

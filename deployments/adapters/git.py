"""git, by argument lists: one mirror for a repository, one persistent worktree for a branch.

Both live in the cache folder and can be lost at any time. What git is told never comes from a
shell, and branch names are only ever passed as parts of a ref. A commit is fetched by its hash.
"""

import fcntl
import os
import re
import shutil
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..config import config
from ..errors import PlatformError, UserError
from ..models import Branch, Repository

_TIMEOUT = 300
_FETCH = "fetch --quiet --no-tags --no-write-fetch-head --force --no-recurse-submodules".split()
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")

#: Nothing that a repository contains may run or reach elsewhere: no hooks, no file system
#: monitor, no LFS smudge filter, no submodules (CVE-2025-48384), no links out of .git.
_SAFETY = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "submodule.recurse=false",
    "filter.lfs.smudge=",
    "filter.lfs.process=",
    "filter.lfs.required=false",
    "protocol.version=2",
    "gc.auto=0",
    "advice.detachedHead=false",
    # Repositories on this machine belong to whoever made them; they are named by the operator.
    "safe.directory=*",
]


def read_head(repository: Repository, branch_name: str) -> str | None:
    """The commit that the branch points to now, at its origin; None where it does not exist."""
    ref = f"refs/heads/{branch_name}"
    output = _git(repository, ["ls-remote", "--refs", "--", repository.clone_url, ref], timeout=60)
    for line in output.splitlines():
        commit, _, name = line.partition("\t")
        # ls-remote takes its argument as a pattern's tail: "x" would match "a/x" as well.
        if name == ref:
            return commit
    return None


def fetch(repository: Repository, branch: Branch, commit: str) -> Path:
    """Bring `commit` into the repository's mirror, and return the mirror's path."""
    if not _COMMIT.fullmatch(commit):
        raise UserError(f"“{commit}” is not a commit.")
    mirror = repository_cache(repository) / "mirror.git"
    with _locked(repository):
        if not (mirror / "HEAD").exists():
            _make_mirror(repository, mirror)
        if not _has(repository, mirror, commit):
            try:
                _bring(repository, branch, mirror, commit)
            except PlatformError:
                if not _mend(repository, mirror):
                    raise
                _bring(repository, branch, mirror, commit)
    return mirror


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
    place = {
        "GIT_DIR": str(repository_cache(repository) / "mirror.git"),
        "GIT_WORK_TREE": str(worktree),
        "GIT_INDEX_FILE": str(_index(worktree)),
    }
    _git(repository, ["read-tree", "--reset", "-u", commit], at=worktree, place=place)
    _git(repository, ["clean", "--quiet", "-ffdx"], at=worktree, place=place)
    return worktree


def _index(worktree: Path) -> Path:
    return worktree.with_suffix(".index")


def _forget_files(repository: Repository, branch: Branch) -> None:
    worktree = worktree_path(repository, branch)
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
    folder = repository_cache(repository) / "worktrees"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{branch.pk}.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                beat()
                time.sleep(1)
        yield


def object_hash(repository: Repository, mirror: Path, commit: str, path: str) -> str | None:
    """The hash of a tree or blob at `path` in `commit`; None where there is none."""
    spec = f"{commit}:{'' if path in {'', '.'} else path.removeprefix('./')}"
    try:
        return _git(
            repository, ["rev-parse", "--verify", "--quiet", "--end-of-options", spec], at=mirror
        ).strip()
    except PlatformError:
        return None


def commit_subject(repository: Repository, mirror: Path, commit: str) -> str:
    return _git(repository, ["log", "-1", "--format=%s", commit], at=mirror).strip()[:200]


def remove_worktree(repository: Repository, branch: Branch) -> None:
    """Forget the branch on this machine; no error if there is nothing."""
    _forget_files(repository, branch)
    mirror = repository_cache(repository) / "mirror.git"
    if mirror.exists():
        with _locked(repository):
            _git(repository, ["update-ref", "-d", f"refs/edaha/{branch.pk}"], at=mirror)


def repository_cache(repository: Repository) -> Path:
    # By id: no name that somebody chose becomes part of a path.
    return config().cache.absolute() / "repositories" / str(repository.pk)


def worktree_path(repository: Repository, branch: Branch) -> Path:
    return repository_cache(repository) / "worktrees" / str(branch.pk)


def _make_mirror(repository: Repository, mirror: Path) -> None:
    shutil.rmtree(mirror, ignore_errors=True)
    unfinished = mirror.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    _git(repository, ["init", "--quiet", "--bare", str(unfinished)])
    _git(
        repository,
        [*_FETCH, "--", repository.clone_url, "+refs/heads/*:refs/heads/*"],
        at=unfinished,
    )
    unfinished.rename(mirror)


def _bring(repository: Repository, branch: Branch, mirror: Path, commit: str) -> None:
    refspec = f"+{commit}:refs/edaha/{branch.pk}"
    _git(repository, [*_FETCH, "--", repository.clone_url, refspec], at=mirror)


def _mend(repository: Repository, mirror: Path) -> bool:
    """Clear away what a killed git left in the mirror; False when there was nothing.

    Nobody else works there meanwhile, so whatever is locked was locked by one that is dead.
    """
    locks = list(mirror.rglob("*.lock"))
    for lock in locks:
        lock.unlink()
    try:
        _git(repository, ["rev-parse", "--git-dir"], at=mirror)
    except PlatformError:
        _make_mirror(repository, mirror)
        return True
    return bool(locks)


def _has(repository: Repository, mirror: Path, commit: str) -> bool:
    try:
        _git(repository, ["cat-file", "-e", f"{commit}^{{commit}}"], at=mirror)
    except PlatformError:
        return False
    return True


@contextmanager
def _locked(repository: Repository) -> Iterator[None]:
    folder = repository_cache(repository)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _git(
    repository: Repository,
    arguments: list[str],
    *,
    at: Path | None = None,
    place: dict[str, str] | None = None,
    timeout: int = _TIMEOUT,
) -> str:
    where = ["-C", str(at)] if at else []
    try:
        done = subprocess.run(
            ["git", *where, *arguments],
            env=_environment(repository) | (place or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PlatformError(
            f"git {arguments[0]} took longer than {timeout} s.", retry=True
        ) from None
    if done.returncode != 0:
        raise _explain(repository, arguments[0], done.stderr.decode(errors="replace"))
    return done.stdout.decode(errors="surrogateescape")


def _environment(repository: Repository) -> dict[str, str]:
    settings = dict(entry.split("=", 1) for entry in _SAFETY)
    token = config().github_token
    if token and repository.clone_url.startswith("https://github.com/"):
        basic = b64encode(f"x-access-token:{token}".encode()).decode()
        settings["http.https://github.com/.extraHeader"] = f"Authorization: Basic {basic}"
    home = config().cache.absolute() / "empty-home"
    home.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        # A damaged mirror is no reason to look for a repository around the cache.
        "GIT_CEILING_DIRECTORIES": str(config().cache.absolute()),
        "GIT_ALLOW_PROTOCOL": "file:https" if config().allow_local_clone else "https",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for number, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    for name in ("SSL_CERT_FILE", "GIT_SSL_CAINFO", "HTTPS_PROXY", "https_proxy", "NO_PROXY"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment


def _explain(repository: Repository, command: str, stderr: str) -> PlatformError:
    lines = stderr.strip().splitlines() or ["no message"]
    hint = ""
    if "Authentication failed" in stderr or "could not read Username" in stderr:
        hint = "Set EDAHA_GITHUB_TOKEN to a token that may read this repository's contents."
    elif "not found" in stderr or "does not appear to be a git repository" in stderr:
        hint = f"Check the clone URL of {repository.full_name}: {repository.clone_url}"
    return PlatformError(f"git {command} failed: {lines[-1][:300]}", hint=hint, retry=True)

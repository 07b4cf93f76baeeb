"""git: which files a branch changes, found without the files themselves.

In a folder of its own, since whoever decides may be on another machine than whoever builds. It
holds commits and folders alone (`blob:none`), where the host can do that.
"""

from pathlib import Path

from ..errors import PlatformError
from ..models import Repository
from .gitcommand import locked, repository_cache, run
from .gitpulls import FETCH

_SECONDS = 120


def changed_files(repository: Repository, base: str, head: str) -> list[str] | None:
    """Paths that differ between `head` and where it left the branch `base`, as git writes them.

    `head` is a commit's hash. None where there is no such branch, or nothing in common with it.
    """
    with locked(repository, "changes.lock"):
        folder = _folder(repository)
        ref = "refs/edaha/base"
        try:
            _fetch(repository, folder, f"+refs/heads/{base}:{ref}")
        except PlatformError as problem:
            if "couldn't find remote ref" in problem.message:
                return None
            raise
        _fetch(repository, folder, f"+{head}:refs/edaha/head")
        if not _have_common(repository, folder, ref, head):
            return None
        # A file that was moved is told by both names: whoever watches either folder is asked for.
        arguments = ["diff", "--name-only", "--no-renames", "--no-ext-diff", "-z"]
        output = run(repository, [*arguments, f"{ref}...{head}", "--"], at=folder)
    return [name for name in output.split("\0") if name]


def _folder(repository: Repository) -> Path:
    folder = repository_cache(repository) / "changes.git"
    if not (folder / "HEAD").exists():
        run(repository, ["init", "--quiet", "--bare", str(folder)])
    # git leaves files out only where the origin has a name.
    run(repository, ["config", "remote.origin.url", repository.clone_url], at=folder)
    return folder


def _fetch(repository: Repository, folder: Path, refspec: str) -> None:
    arguments = [*FETCH, "--filter=blob:none", "--", "origin", refspec]
    run(repository, arguments, at=folder, timeout=_SECONDS)


def _have_common(repository: Repository, folder: Path, base: str, head: str) -> bool:
    try:
        return bool(run(repository, ["merge-base", base, head], at=folder).strip())
    except PlatformError:
        return False

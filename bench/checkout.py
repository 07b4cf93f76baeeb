"""From a pushed commit to its files on disk: mirror and worktree, against a fresh shallow clone."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from .origin import Origin, large_repository, shallow_clone
from .report import NotMeasured, Row

ROUNDS = 9
GOAL = 1 / 20


def run() -> list[Row]:
    if not shutil.which("git"):
        raise NotMeasured("git is not installed")
    with tempfile.TemporaryDirectory(prefix="edaha-bench-") as name:
        folder = Path(name)
        origin = large_repository(folder / "origin")
        check_out = _ours(origin, folder / "data")
        check_out(origin.git("rev-parse", "HEAD"))  # the first one makes the mirror
        ours, theirs = [], []
        for number in range(ROUNDS):
            commit = origin.commit({"src/part1/file1.py": f"# round {number}\n"})
            ours.append(_timed(lambda: check_out(commit)))  # noqa: B023 (called at once)
            clone = folder / "clone"
            theirs.append(_timed(lambda: shallow_clone(origin, clone)))  # noqa: B023
            shutil.rmtree(clone)
    ratio = median(ours) / median(theirs)
    return [
        Row(
            "Checkout of a push (5,000 files), against a fresh shallow clone",
            f"{median(ours) * 1000:.0f} ms",
            f"{median(theirs) * 1000:.0f} ms",
            ratio,
            f"at most {GOAL:g} times",
            ratio <= GOAL,
        )
    ]


def _ours(origin: Origin, data: Path) -> Callable[[str], None]:
    """The adapter that the build uses, without anything around it."""
    data.mkdir()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "EDAHA_DATA": str(data),
        "EDAHA_SECRET_KEY": "for measuring only, and of no value to anybody",
        "EDAHA_ALLOW_LOCAL_CLONE": "1",
    }
    import django

    django.setup()
    from deployments.adapters import git
    from deployments.models import Branch, Repository

    repository = Repository(pk=1, full_name="acme/shop", clone_url=f"file://{origin.path}")
    branch = Branch(pk=1, repository=repository, name="main", slug="main")

    def check_out(commit: str) -> None:
        git.fetch(repository, branch, commit)
        worktree = git.checkout(repository, branch, commit)
        if not (worktree / "src").is_dir():
            raise NotMeasured("the worktree is empty")

    return check_out


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started

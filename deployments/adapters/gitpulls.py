"""git: the heads of pull requests, which the repository itself keeps; a fork is never asked.

GitHub has a read-only ref for each pull request, also for one whose fork is gone:
https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/checking-out-pull-requests-locally
"""

from pathlib import Path

from ..causes import Cause
from ..errors import PlatformError, UserError
from ..models import Branch, Repository
from .gitcommand import has_commit, run

FETCH = "fetch --quiet --no-tags --no-write-fetch-head --force --no-recurse-submodules".split()


def read_pull_head(repository: Repository, number: int) -> str | None:
    """The commit that the pull request's head is at now; None where there is none."""
    ref = _ref(number)
    output = run(repository, ["ls-remote", "--refs", "--", repository.clone_url, ref], timeout=60)
    for line in output.splitlines():
        commit, _, name = line.partition("\t")
        # The argument is a pattern's tail: a branch may be called like the ref.
        if name == ref:
            return commit
    return None


def bring_pull_commit(repository: Repository, branch: Branch, mirror: Path, commit: str) -> None:
    """Fetch the head of a fork's pull request, which has to have `commit`.

    By the ref and not by the hash alone: GitHub hands out every commit of every fork by its hash.
    Raises UserError where the pull request has no such commit any more.
    """
    refspec = f"+{_ref(branch.pull_request or 0)}:refs/edaha/{branch.pk}"
    run(repository, [*FETCH, "--", repository.clone_url, refspec], at=mirror)
    head = run(repository, ["rev-parse", "--verify", f"refs/edaha/{branch.pk}"], at=mirror).strip()
    if head == commit:
        return
    if not has_commit(repository, mirror, commit) or not _leads_to(
        repository, mirror, commit, head
    ):
        raise UserError(
            f"The pull request has no commit {commit[:7]} any more: its head is {head[:7]}.",
            hint="Somebody has pushed over it. Have a look at the new head, and approve that.",
            cause=Cause.GIT,
        )


def _leads_to(repository: Repository, mirror: Path, commit: str, head: str) -> bool:
    try:
        run(repository, ["merge-base", "--is-ancestor", commit, head], at=mirror)
    except PlatformError:
        return False
    return True


def _ref(number: int) -> str:
    return f"refs/pull/{number}/head"

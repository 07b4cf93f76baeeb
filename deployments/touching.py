"""Whether what a branch changes is what its repository's path filter asks for: git is asked."""

from .adapters import git
from .changed import is_asked_for
from .models import Branch, Repository
from .states import Wanted


def reason_to_skip(repository: Repository, branch: Branch, head: str) -> str:
    """Why the head is not deployed; empty where it is to be.

    All that the branch changes counts, since where it left its base, and not only the newest push.
    Where there is no such base any more, nothing is left out. Raises EdahaError where git does
    not answer.
    """
    base = branch.base_branch or repository.default_branch
    if not repository.paths or branch.has_start_label or branch.name == base:
        return ""
    files = git.changed_files(repository, base, head)
    if files is None or is_asked_for(repository.paths, files):
        return ""
    reason = f"none of its {len(files)} changed files is one that the repository's paths name"
    if branch.wanted == Wanted.PRESENT and branch.generation:
        return f"{reason}; {branch.slug} is kept as it is"
    return reason

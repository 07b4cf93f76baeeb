"""A build machine's disk: what nobody needs any more is given back, and a build finds room.

The rows tell what is needed; the disk is read first, so that what is begun meanwhile is known.
"""

from collections.abc import Callable

import structlog

from ..adapters import disk, leftovers, prune
from ..causes import Cause
from ..config import config
from ..errors import EdahaError, PlatformError
from ..models import Branch, Repository
from ..states import BranchState

log = structlog.get_logger(__name__)


def ensure_room(say: Callable[[str], None]) -> None:
    """Have as much free disk as a build needs, or raise PlatformError; `say` tells what is done."""
    needed = config().min_free_gb * disk.GB
    room = disk.least_room()
    if room.free >= needed:
        return
    say(
        f"Only {room.gigabytes} GB are free in {room.place}, and {config().min_free_gb:g} GB are "
        "needed: tidying up."
    )
    tidy()
    room = disk.least_room()
    if room.free < needed:
        raise PlatformError(
            f"Only {room.gigabytes} GB are free in {room.place} of this build worker; a build "
            f"needs {config().min_free_gb:g} GB.",
            hint="Give it a larger disk, or remove there what is not Edaha's; or lower "
            "EDAHA_BUILD_CACHE_GB or EDAHA_MIN_FREE_GB.",
            retry=True,
            cause=Cause.LIMIT,
        )


def tidy() -> None:
    """Give back what this machine's disk holds for nobody; what a build uses stays."""
    for key in leftovers.repositories():
        try:
            _tidy_repository(key)
        except (EdahaError, OSError) as problem:
            log.warning("repository_not_tidied", repository=key, problem=str(problem))
    leftovers.remove_build_folders()
    prune.prune_build_cache(round(config().build_cache_gb * disk.GB))


def _tidy_repository(key: int) -> None:
    files = leftovers.worktrees(key)
    repository = Repository.objects.filter(pk=key).first()
    if repository is None:
        leftovers.remove_repository(key)
        return
    refs = leftovers.refs(repository)
    needed = _needed(files | refs)
    for branch in files - needed:
        leftovers.remove_worktree_files(key, branch)
    if unneeded := refs - needed:
        leftovers.remove_refs(repository, unneeded)


def _needed(branches: set[int]) -> set[int]:
    rows = Branch.objects.filter(pk__in=branches).exclude(state=BranchState.DESTROYED)
    return set(rows.values_list("pk", flat=True))

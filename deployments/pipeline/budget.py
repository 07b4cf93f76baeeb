"""The registry's budget: a branch's newest images stay, and whatever runs; the rest goes."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from .. import names
from ..adapters import ecr
from ..config import config
from ..models import Build, Image, Repository
from ..states import BranchState


class Use(NamedTuple):
    """That a deployment of a branch was built as this image."""

    branch: int
    #: As the application calls it: each of its images has a budget of its own.
    image: str
    reference: str


def prune_images(repository: Repository) -> int:
    """Delete the images beyond the budget from the registry; how many were deleted.

    First an image's row goes, and in the next pass the image itself: a build that has just found
    the row has told meanwhile that it uses it.
    """
    unused = beyond(_uses(repository), config().keep_images) - _used(repository)
    rows = Image.objects.filter(repository=repository, reference__in=unused)
    offered = set(rows.values_list("reference", flat=True))
    rows.delete()
    return _delete(repository, unused - offered) if unused - offered else 0


def beyond(newest_first: Iterable[Use], keep: int) -> set[str]:
    """References that are among the newest `keep` of no branch."""
    newest: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    seen = set()
    for use in newest_first:
        kept = newest[use.branch, use.image]
        if len(kept) < keep:
            kept.add(use.reference)
        seen.add(use.reference)
    return seen.difference(*newest.values())


def _uses(repository: Repository) -> Iterable[Use]:
    """Of the branches that are there: what a destroyed one had went with it."""
    builds = Build.objects.filter(deployment__branch__repository=repository)
    there = builds.exclude(deployment__branch__state=BranchState.DESTROYED)
    fields = ("deployment__branch_id", "name", "reference")
    rows = there.order_by("-deployment_id", "-pk").values_list(*fields)
    return [Use(*row) for row in rows]


def _used(repository: Repository) -> set[str]:
    """What runs, or may come to run."""
    builds = Build.objects.filter(
        deployment__branch__repository=repository, deployment__cleaned_at=None
    )
    return set(builds.values_list("reference", flat=True))


def _delete(repository: Repository, references: set[str]) -> int:
    name = names.image_repository(config().installation, repository.full_name)
    digests = {reference.rpartition("@")[2] for reference in references}
    # Most of what was ever built is gone already.
    there = sorted(digests & ecr.digests(name))
    if there:
        ecr.delete_images(name, tags=[], digests=there)
    return len(there)

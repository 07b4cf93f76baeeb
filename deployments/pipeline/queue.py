"""The queue: which deployment begins next, and where each stands.

A look costs a handful of indexed queries, however much has ended. Only one worker at a time
begins something, so that two together never exceed a limit.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from ..adapters import wakeups
from ..config import config
from ..models import Branch, Deployment, Repository
from ..models.lease import Lease
from ..states import DeploymentState, Wanted
from . import waiting
from .order import Limits, Load, Place, Queued, Wait, arrange

_HOUR = timedelta(hours=1)
_ON_ITS_WAY = (DeploymentState.BUILDING, DeploymentState.RELEASING, DeploymentState.VERIFYING)


@dataclass(frozen=True)
class Standing:
    """Where a queued deployment stands: `position` counts from 1 among all that wait."""

    position: int
    wait: Wait
    repository: str

    @property
    def waiting_for(self) -> str:
        """What it waits for: a sentence in the current language."""
        return waiting.sentence(self.wait, self.repository)

    def given_up(self, after: timedelta) -> tuple[str, str]:
        """The error and its hint for when it has waited for so long in vain."""
        return waiting.given_up(self.wait, self.repository, after)


class _Look(NamedTuple):
    places: list[Place]
    repositories: dict[int, Repository]


def begin_next() -> Lease | None:
    """Begin the first deployment that may, and hold it; None where none may.

    Whose turn it is does not depend on who was woken up for what.
    """
    if not _queued().exists():
        return None
    with transaction.atomic():
        # Held by one worker at a time, in one order, and in nobody's way who adds a branch.
        list(Repository.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        leases = (_begin(place) for place in _look().places if place.may_begin)
        lease = next((each for each in leases if each is not None), None)
    if lease is not None:
        wakeups.notify(branch=lease.deployment.branch_id)
    return lease


def _begin(place: Place) -> Lease | None:
    # Intake locks a branch before its deployments, so everybody does.
    Branch.objects.select_for_update().get(pk=place.queued.branch)
    lease = Lease.claim(place.queued.deployment, {DeploymentState.QUEUED})
    if lease is not None:
        lease.move(
            DeploymentState.BUILDING,
            lease_owner=lease.owner,
            lease_until=lease.deployment.lease_until,
            started_at=timezone.now(),
        )
    return lease


def wake_next() -> None:
    """Something has ended: wake a worker up for whoever may begin now."""
    for key in ready()[:1]:
        wakeups.wake(wakeups.BUILD, key)


def ready() -> list[int]:
    """Ids of the deployments that may begin now, if workers are free: the first one first."""
    return [place.queued.deployment for place in _look().places if place.may_begin]


def standing(deployment: Deployment) -> Standing | None:
    """Where it stands; None once it does not wait any more."""
    if deployment.state != DeploymentState.QUEUED:
        return None
    return standings().get(deployment.pk)


def standings() -> dict[int, Standing]:
    """Where every deployment that waits stands, by its id."""
    look = _look()
    return {
        place.queued.deployment: Standing(
            position, place.wait, look.repositories[place.queued.repository].full_name
        )
        for position, place in enumerate(look.places, start=1)
    }


def _look() -> _Look:
    rows = _queued().order_by("created_at", "pk")
    fields = ("pk", "branch_id", "branch__repository_id", "created_at")
    queued = [Queued(*row) for row in rows.values_list(*fields)]
    if not queued:
        return _Look([], {})
    repositories = Repository.objects.in_bulk({each.repository for each in queued})
    return _Look(arrange(queued, _load(repositories.values(), timezone.now())), repositories)


def _queued() -> QuerySet[Deployment]:
    """All that a worker could begin: what waits for its images has no place."""
    has_what_it_needs = Q(is_built_elsewhere=False) | Q(image_set__isnull=False)
    return Deployment.objects.filter(has_what_it_needs, state=DeploymentState.QUEUED)


def _load(repositories: Iterable[Repository], now: datetime) -> Load:
    builds = Deployment.objects.filter(state=DeploymentState.BUILDING)
    begun = Deployment.objects.filter(started_at__gt=now - _HOUR)
    return Load(
        limits={repository.pk: _limits(repository) for repository in repositories},
        overall=Limits(builds=config().max_builds, previews=config().max_previews),
        builds=_by_repository(builds),
        begun=_by_repository(begun),
        previews=_previews(),
    )


def _limits(repository: Repository) -> Limits:
    """Its own settings, or else the installation's."""
    builds, previews = repository.max_builds, repository.max_previews
    begun = repository.deployments_per_hour
    return Limits(
        builds=config().max_builds_per_repository if builds is None else builds,
        previews=config().max_previews_per_repository if previews is None else previews,
        begun=config().deployments_per_hour if begun is None else begun,
    )


def _by_repository(rows: QuerySet[Deployment]) -> Counter[int]:
    # No join: it took PostgreSQL minutes where its statistics were not what the rows were.
    branches = list(rows.order_by().values_list("branch_id", flat=True))
    known = Branch.objects.filter(pk__in=set(branches)).values_list("pk", "repository_id")
    of_branch = dict(known)
    return Counter(of_branch[branch] for branch in branches if branch in of_branch)


def _previews() -> dict[int, int]:
    """Branch → repository of all that are served or on their way.

    Each read is by an index of its own: together they would read every branch there ever was.
    """
    # Greater than nothing, since no database reads “is not null” from an index so well.
    served = Branch.objects.filter(live__gt=0, wanted=Wanted.PRESENT)
    coming = Deployment.objects.filter(state__in=_ON_ITS_WAY).values_list("branch_id", flat=True)
    begun = Branch.objects.filter(pk__in=set(coming), wanted=Wanted.PRESENT)
    fields = ("pk", "repository_id")
    return dict(served.values_list(*fields)) | dict(begun.values_list(*fields))

"""Who begins before whom, and what each waits for: pure rules over what a look has counted.

Repositories take turns: whoever has fewer builds running, and fewer of its own before it, comes
first, so that fifty branches of one repository do not keep the only one of another waiting.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """What a deployment waits for."""

    WORKER = "worker"
    BUILDS = "builds"
    ALL_BUILDS = "all builds"
    PREVIEWS = "previews"
    ALL_PREVIEWS = "all previews"
    RATE = "rate"


@dataclass(frozen=True)
class Queued:
    """A deployment that waits."""

    deployment: int
    branch: int
    repository: int
    since: datetime


@dataclass(frozen=True)
class Limits:
    """Of one repository, or of all together; 0 means none."""

    builds: int = 0
    previews: int = 0
    #: Deployments that may begin within an hour.
    begun: int = 0


@dataclass(frozen=True)
class Wait:
    """Why a deployment does not begin: `used` of `limit` are taken."""

    reason: Reason
    repository: int
    used: int = 0
    limit: int = 0


@dataclass(frozen=True)
class Place:
    """One deployment's place in the queue."""

    queued: Queued
    wait: Wait

    @property
    def may_begin(self) -> bool:
        return self.wait.reason == Reason.WORKER


@dataclass
class Load:
    """What is taken, by repository. What begins is added to it."""

    limits: Mapping[int, Limits]
    overall: Limits = Limits()
    builds: Counter[int] = field(default_factory=Counter)
    begun: Counter[int] = field(default_factory=Counter)
    #: Branch → repository of every preview that is served or on its way.
    previews: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._previews = Counter(self.previews.values())

    def copy(self) -> "Load":
        return Load(
            self.limits, self.overall, self.builds.copy(), self.begun.copy(), self.previews.copy()
        )

    def begin(self, queued: Queued) -> None:
        self.builds[queued.repository] += 1
        self.begun[queued.repository] += 1
        if queued.branch not in self.previews:
            self.previews[queued.branch] = queued.repository
            self._previews[queued.repository] += 1

    def held_back(self, queued: Queued) -> Wait | None:
        """What no worker that becomes free would change; a preview that is there needs no place."""
        key, limits = queued.repository, self.limits[queued.repository]
        previews = (Reason.PREVIEWS, self._previews[key], limits.previews)
        begun = (Reason.RATE, self.begun[key], limits.begun)
        return _first(key, [begun] if queued.branch in self.previews else [previews, begun])

    def full(self, queued: Queued) -> Wait | None:
        """The first limit that keeps it from beginning now."""
        key, limits = queued.repository, self.limits[queued.repository]
        everybodys = (Reason.ALL_PREVIEWS, len(self.previews), self.overall.previews)
        return (
            self.held_back(queued)
            or _first(key, [] if queued.branch in self.previews else [everybodys])
            or _first(key, [(Reason.BUILDS, self.builds[key], limits.builds)])
            or _first(key, [(Reason.ALL_BUILDS, self.builds.total(), self.overall.builds)])
        )


def _first(repository: int, limits: Iterable[tuple[Reason, int, int]]) -> Wait | None:
    for reason, used, limit in limits:
        if limit and used >= limit:
            return Wait(reason, repository, used, limit)
    return None


def arrange(queued: Iterable[Queued], load: Load) -> list[Place]:
    """Everybody who waits, in the order in which they begin.

    `queued` comes in the order of arrival. Each is judged as if those before it had begun.
    """
    load, places = load.copy(), []
    for each in _in_turns(queued, load):
        wait = load.full(each)
        if wait is None:
            load.begin(each)
        places.append(Place(each, wait or Wait(Reason.WORKER, each.repository)))
    return places


def _in_turns(queued: Iterable[Queued], load: Load) -> list[Queued]:
    """Whoever is held back comes behind all others, and takes no turn of its repository."""
    no_more_previews = load.overall.previews and len(load.previews) >= load.overall.previews
    ahead, turns, keys = load.copy(), {False: load.builds.copy(), True: load.builds.copy()}, {}
    for each in queued:
        is_new = each.branch not in load.previews
        is_held = bool((is_new and no_more_previews) or ahead.held_back(each))
        turn = turns[is_held]
        keys[each] = (is_held, turn[each.repository], each.since, each.deployment)
        turn[each.repository] += 1
        if not is_held:
            ahead.begin(each)
    return sorted(keys, key=keys.__getitem__)

"""What the list offers to choose from: looked up once for everybody, and kept for a moment."""

from threading import Lock
from time import monotonic
from typing import NamedTuple

from django.db.models import Count

from deployments.models import Branch, Repository
from deployments.states import BranchState

from . import finding
from .access import Sight

#: Seconds that a look serves everybody. What the numbers are by now, an open page is told by its
#: stream at once.
_SECONDS = 10.0
#: As many as a menu can usefully show; the search finds the others.
_CHOICES = 100
#: Of as many groups of people who see the same.
_GROUPS = 64


class Choices(NamedTuple):
    repositories: tuple[str, ...]
    #: Those with most previews, by name.
    authors: tuple[str, ...]


class Facets(NamedTuple):
    #: How many previews each tab has.
    numbers: dict[str, int]
    choices: Choices


class _Kept:
    def __init__(self) -> None:
        self._lock = Lock()
        self.forget()

    def forget(self) -> None:
        self._known: dict[Sight, tuple[float, Facets]] = {}

    def facets(self, sight: Sight) -> Facets:
        with self._lock:
            until, found = self._known.get(sight, (0.0, None))
            if found is None or monotonic() >= until:
                found = _look(sight)
                if len(self._known) >= _GROUPS:
                    self._known.clear()
                self._known[sight] = (monotonic() + _SECONDS, found)
            return found


kept = _Kept()


def facets(sight: Sight) -> Facets:
    """Of what is seen; at most ten seconds old."""
    return kept.facets(sight)


def _look(sight: Sight) -> Facets:
    branches = sight.visible(Branch.objects.all())
    there = branches.exclude(state=BranchState.DESTROYED)
    authors = there.exclude(author="").values_list("author").annotate(number=Count("pk"))
    busiest = [name for name, _ in authors.order_by("-number", "author")[:_CHOICES]]
    known = sight.visible(Repository.objects.order_by("full_name"))
    repositories = known.values_list("full_name", flat=True)
    return Facets(
        numbers=finding.by_tab(branches),
        choices=Choices(
            repositories=tuple(repositories[:_CHOICES]),
            authors=tuple(sorted(busiest, key=str.casefold)),
        ),
    )

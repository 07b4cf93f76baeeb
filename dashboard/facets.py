"""What the list offers to choose from: looked up once for everybody, and kept for a moment."""

from threading import Lock
from time import monotonic
from typing import NamedTuple

from django.db.models import Count

from deployments.models import Branch, Repository
from deployments.states import BranchState

from . import finding

#: Seconds that a look serves everybody. What the numbers are by now, an open page is told by its
#: stream at once.
_SECONDS = 10.0
#: As many as a menu can usefully show; the search finds the others.
_CHOICES = 100


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
        self._facets: Facets | None = None
        self._until = 0.0

    def facets(self) -> Facets:
        with self._lock:
            if self._facets is None or monotonic() >= self._until:
                self._facets, self._until = _look(), monotonic() + _SECONDS
            return self._facets


kept = _Kept()


def facets() -> Facets:
    """At most ten seconds old."""
    return kept.facets()


def _look() -> Facets:
    there = Branch.objects.exclude(state=BranchState.DESTROYED)
    authors = there.exclude(author="").values_list("author").annotate(number=Count("pk"))
    busiest = [name for name, _ in authors.order_by("-number", "author")[:_CHOICES]]
    repositories = Repository.objects.order_by("full_name").values_list("full_name", flat=True)
    return Facets(
        numbers=finding.by_tab(Branch.objects.all()),
        choices=Choices(
            repositories=tuple(repositories[:_CHOICES]),
            authors=tuple(sorted(busiest, key=str.casefold)),
        ),
    )

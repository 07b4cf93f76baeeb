"""Home: every preview, found by a word."""

from functools import lru_cache
from typing import NamedTuple

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import get_language, override
from django.views.decorators.http import require_GET

from deployments.models import Repository, Transition

from . import finding
from .access import Role, access_of, requires
from .facets import Choices, facets
from .search import SORTS, SWITCHES, TAB_NAMES, PreviewSearch


class Tab(NamedTuple):
    key: str
    name: str | Promise
    number: int
    address: str
    is_current: bool


class Choice(NamedTuple):
    """A filter that is a switch, or one of several orders."""

    key: str
    name: str | Promise
    is_chosen: bool


@require_GET
@requires(Role.VIEWER)
def page(request: HttpRequest) -> HttpResponse:
    person, access = request.user, access_of(request.user)
    search = PreviewSearch.of(request.GET)
    # Before the rows: what happens in between is then told twice, and not never.
    seen = Transition.objects.aggregate(last=Max("pk"))["last"] or 0
    found = finding.previews(search, person)
    known = facets(access.sight)
    numbers = finding.numbers(search, person) if search.is_filtered else known.numbers
    return render(
        request,
        "branches/list.html",
        {
            "search": search,
            "bar": _bar(search, tuple(numbers.items()), known.choices, get_language() or "en"),
            "numbers": numbers,
            "lines": found.lines,
            "following": found.following,
            "seen": seen,
            "has_repository": bool(found.lines or search.only)
            or access.visible(Repository.objects.all()).exists(),
        },
    )


@lru_cache(maxsize=512)
def _bar(
    search: PreviewSearch, numbers: tuple[tuple[str, int], ...], choices: Choices, language: str
) -> str:
    """Filters and tabs: like the lines, the same for everybody who asks the same."""
    context = {
        "search": search,
        "choices": choices,
        "tabs": _tabs(search, dict(numbers)),
        "switches": [Choice(k, n, bool(getattr(search, k))) for k, n in SWITCHES.items()],
        "sorts": [Choice(k, n, k == search.sort) for k, n in SORTS.items()],
    }
    with override(language):
        return render_to_string("branches/_bar.html", context)


def _tabs(search: PreviewSearch, numbers: dict[str, int]) -> list[Tab]:
    """Nobody needs to know of sleeping previews where none ever sleeps."""
    return [
        Tab(key, name, numbers[key], search.address(state=key), key == search.state)
        for key, name in TAB_NAMES.items()
        if key != "asleep" or numbers[key] or search.state == key
    ]

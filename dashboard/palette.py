"""The command palette's entries: previews and pages that match what was typed."""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from . import finding, navigation
from .access import Role, access_of, requires
from .navigation import Place
from .search import PreviewSearch

#: More do not fit on a screen, and who wants more has the list itself.
PREVIEWS = 7


class Page(NamedTuple):
    name: str | Promise
    address: str


@require_GET
@requires(Role.VIEWER)
def options(request: HttpRequest) -> HttpResponse:
    search = PreviewSearch(q=PreviewSearch.of(request.GET).q)
    return render(
        request,
        "palette/options.html",
        {
            "search": search,
            "previews": finding.nearest(search, request.user, PREVIEWS),
            "pages": _pages(request, search.q),
            "all": reverse("branches") + (search.address() if search.q else ""),
        },
    )


def _pages(request: HttpRequest, text: str) -> list[Page]:
    places = [place for section in navigation.SECTIONS for place in section.places]
    places.append(Place(_("Your settings"), "preferences"))
    access = access_of(request.user)
    words = text.casefold().split()
    return [
        Page(place.name, reverse(place.url_name))
        for place in places
        if place.is_open_to(access) and all(word in str(place.name).casefold() for word in words)
    ]

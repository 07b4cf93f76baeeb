"""Who did what: the moves that a person, or a tool in somebody's name, has asked for."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from . import listing
from .access import Role, access_of, requires
from .listing import Search


@require_GET
@requires(Role.VIEWER)
def page(request: HttpRequest) -> HttpResponse:
    search = Search.of(request.GET)
    found = listing.activity(search, access_of(request.user))
    return render(
        request,
        "activity/list.html",
        {"search": search, "acts": found.rows, "following": found.following},
    )

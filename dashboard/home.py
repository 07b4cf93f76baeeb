"""Home: every preview, found by a word."""

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from deployments.models import Repository, Transition

from . import listing
from .access import Role, requires
from .listing import Search
from .presentation import PreviewRow


@require_GET
@requires(Role.VIEWER)
def page(request: HttpRequest) -> HttpResponse:
    search = Search.of(request.GET)
    # Before the rows: what happens in between is then told twice, and not never.
    seen = Transition.objects.aggregate(last=Max("pk"))["last"] or 0
    page = listing.branches(search)
    return render(
        request,
        "branches/list.html",
        {
            "search": search,
            "lines": [PreviewRow.of(branch).html() for branch in page.rows],
            "following": page.following,
            "seen": seen,
            "has_repository": bool(page.rows) or Repository.objects.exists(),
        },
    )

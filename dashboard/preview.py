"""One preview: where it is, how it is, and how it came to be so."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from .access import Role, requires
from .presentation import preview_rows, recent_deployments, recent_transitions


@require_GET
@requires(Role.VIEWER)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    branch = get_object_or_404(preview_rows(), pk=pk)
    return render(
        request,
        "branches/page.html",
        {
            "branch": branch,
            "deployments": recent_deployments(branch),
            "transitions": recent_transitions(branch),
        },
    )

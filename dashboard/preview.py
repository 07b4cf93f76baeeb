"""One preview: where it is, how it is, how it came to be so, and what runs for it."""

import io

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from deployments.config import config
from deployments.models import Branch

from . import environment, looks, told
from .access import Role, requires
from .presentation import page_context, preview_details, preview_rows


@require_GET
@requires(Role.VIEWER, of=Branch)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    branch = get_object_or_404(preview_details(), pk=pk)
    return render(
        request, "branches/page.html", page_context(branch) | {"told": told.of_branch(branch)}
    )


@require_GET
@requires(Role.VIEWER, of=Branch)
def running(request: HttpRequest, pk: int) -> HttpResponse:
    """Its services, tasks and events, as ECS tells them now; a part of the page, or one alone."""
    branch = get_object_or_404(preview_rows().select_related("live"), pk=pk)
    shown = branch.live or branch.deployment
    services = list(shown.services.all()) if shown else []
    requests = [(each.task_definition, each.service_definition) for each in services]
    prices = config().prices
    found, problem = looks.look(shown) if services and shown else ([], "")
    return render(
        request,
        "branches/running.html",
        {
            "branch": branch,
            "running": found,
            "problem": problem,
            "variables": environment.of(services),
            "cost": prices.a_day(requests) if prices else None,
            "currency": prices.currency if prices else "",
        },
    )


@require_GET
@requires(Role.VIEWER, of=Branch)
@cache_control(private=True, max_age=86400)
def qr(request: HttpRequest, pk: int) -> HttpResponse:
    """The preview's address for a phone's camera."""
    branch = get_object_or_404(Branch, pk=pk)
    picture = io.BytesIO()
    segno.make(branch.url, micro=False).save(picture, kind="svg", scale=4, border=2, light="#fff")
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml")

"""The pages that people read; what changes something is in `actions`."""

import json

from django.contrib.auth.decorators import login_not_required
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from deployments.definitions.edaha_yml import json_schema
from deployments.models import Delivery, Deployment, LogChunk, Repository, Transition

from . import comparison, listing
from .access import Role, requires, role_of
from .ansi import to_text
from .listing import Search
from .presentation import PreviewRow, preview_rows, recent_deployments, recent_transitions

#: A payload may have 25 MB; what a page shows of it is enough to understand it.
PAYLOAD_SHOWN = 200_000


@require_GET
@requires(Role.VIEWER)
def branches(request: HttpRequest) -> HttpResponse:
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


@require_GET
@requires(Role.VIEWER)
def branch(request: HttpRequest, pk: int) -> HttpResponse:
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


@require_GET
@requires(Role.VIEWER)
def deployment(request: HttpRequest, pk: int) -> HttpResponse:
    deployment = get_object_or_404(
        Deployment.objects.select_related("branch__repository", "branch__deployment"), pk=pk
    )
    return render(request, "deployments/page.html", {"deployment": deployment})


@require_GET
@requires(Role.VIEWER)
def definitions(request: HttpRequest, pk: int) -> HttpResponse:
    """What ECS was told of a deployment; values are for those who may deploy."""
    deployment = get_object_or_404(Deployment.objects.select_related("branch__repository"), pk=pk)
    may_see_values = (role_of(request.user) or 0) >= Role.DEPLOYER
    return render(
        request,
        "deployments/definitions.html",
        {
            "deployment": deployment,
            "previous": comparison.previous(deployment),
            "comparisons": comparison.compare(deployment, with_values=may_see_values),
            "may_see_values": may_see_values,
        },
    )


@require_GET
@requires(Role.VIEWER)
def log_text(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole log as a text file, without escape sequences: safe to print in a terminal."""
    get_object_or_404(Deployment, pk=pk)
    chunks = LogChunk.objects.filter(deployment=pk).values_list("lines", flat=True)
    lines = [to_text(text) for chunk in chunks.iterator() for _at, _step, text in chunk]
    return HttpResponse(
        "".join(f"{line}\n" for line in lines),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="deployment-{pk}.txt"'},
    )


@require_GET
@requires(Role.DEPLOYER)
def deliveries(request: HttpRequest) -> HttpResponse:
    search = Search.of(request.GET)
    page = listing.deliveries(search)
    return render(
        request,
        "deliveries/list.html",
        {"search": search, "deliveries": page.rows, "following": page.following},
    )


@require_GET
@requires(Role.DEPLOYER)
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    delivery = get_object_or_404(Delivery.objects.select_related("repository", "branch"), pk=pk)
    payload = _pretty(bytes(delivery.payload))
    return render(
        request,
        "deliveries/page.html",
        {
            "delivery": delivery,
            "payload": payload[:PAYLOAD_SHOWN],
            "is_cut": len(payload) > PAYLOAD_SHOWN,
        },
    )


@login_not_required
@require_GET
def schema(request: HttpRequest) -> JsonResponse:
    """What editors complete and check edaha.yml by."""
    response = JsonResponse(json_schema())
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _pretty(payload: bytes) -> str:
    text = payload.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text

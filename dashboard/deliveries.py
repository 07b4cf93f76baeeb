"""Webhooks as they arrived, and what was decided about each."""

import json

from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from deployments import audit
from deployments import deliveries as rules
from deployments.models import Delivery

from . import listing
from .access import Role, access_of, requires
from .listing import Search

#: A payload may have 25 MB; what a page shows of it is enough to understand it.
PAYLOAD_SHOWN = 200_000


@require_GET
@requires(Role.DEPLOYER)
def listed(request: HttpRequest) -> HttpResponse:
    search = Search.of(request.GET)
    # Before the rows: what arrives in between is then told twice, and not never.
    shown = access_of(request.user).visible(Delivery.objects.all())
    newest = shown.aggregate(last=Max("pk"))["last"] or 0
    page = listing.deliveries(search, access_of(request.user))
    return render(
        request,
        "deliveries/list.html",
        {
            "search": search,
            "deliveries": page.rows,
            "following": page.following,
            "newest": newest,
        },
    )


@require_GET
@requires(Role.DEPLOYER, of=Delivery)
def page(request: HttpRequest, pk: int) -> HttpResponse:
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


@require_POST
@requires(Role.DEPLOYER, of=Delivery)
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    delivery = get_object_or_404(Delivery.objects.defer("payload"), pk=pk)
    if rules.replay(delivery, actor=request.user.get_username()):
        audit.note(
            "delivery.replay",
            delivery.guid,
            actor=request.user.get_username(),
            repository=delivery.repository,
        )
        messages.success(request, _("It is being decided about once more."))
    else:
        messages.info(request, _("It is still being decided. Nothing was changed."))
    return redirect("delivery", pk)


def _pretty(payload: bytes) -> str:
    text = payload.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text

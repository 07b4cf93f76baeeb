"""How the installation itself is: its parts, what was compared, and what nobody owns in AWS."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from deployments import audit, reconcile
from deployments.config import config
from deployments.models import Orphan, Reconciliation

from . import health, told
from .access import EVERYTHING, Role, access_of, requires

#: As many as one looks through; the API has all.
_SHOWN = 20


class LeftOver(NamedTuple):
    """An orphan, and when it is removed."""

    orphan: Orphan
    removed_from: datetime


@require_GET
@requires(Role.DEPLOYER)
def page(request: HttpRequest) -> HttpResponse:
    passes = list(Reconciliation.objects.all()[:_SHOWN])
    # What was found names previews, also those of private repositories.
    sees_all = access_of(request.user).sight == EVERYTHING
    return render(
        request,
        "system/page.html",
        {
            "parts": health.parts(),
            "outbox": told.outbox(),
            "passes": passes,
            "is_running": any(each.finished_at is None for each in passes[:1]),
            "orphans": _orphans() if sees_all else [],
            "sees_all": sees_all,
        },
    )


@require_POST
@requires(Role.DEPLOYER)
def compare(request: HttpRequest) -> HttpResponse:
    """Compare now what is wanted with what is; where that runs already, it is that one."""
    actor = request.user.get_username()
    before = Reconciliation.objects.first()
    asked = reconcile.ask(actor)
    is_new = before is None or asked.pk > before.pk
    audit.note("installation.compare", "", actor=actor, after={"pass": asked.pk})
    said = _("Everything is being compared.") if is_new else _("That is being done already.")
    messages.success(request, said)
    return redirect("system")


@require_GET
@requires(Role.VIEWER)
@never_cache
def banner(request: HttpRequest) -> HttpResponse:
    """What every page shows while a part of the installation is ill; empty otherwise."""
    ill = [part for part in health.parts() if not part.is_well]
    return render(request, "system/_banner.html", {"ill": ill})


def _orphans() -> list[LeftOver]:
    grace = timedelta(seconds=config().orphan_grace_seconds)
    rows = Orphan.objects.filter(removed_at=None)[:_SHOWN]
    return [LeftOver(orphan, orphan.first_seen_at + grace) for orphan in rows]

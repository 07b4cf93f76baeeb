"""Where people make and revoke what opens protected previews for others."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.access import Role, requires
from dashboard.presentation import preview_rows
from dashboard.shown_once import keep, take
from deployments import sharing
from deployments.models import Branch, Repository, Share

_LONGEST_NOTE = 200
CHOICES = {
    "1h": gettext_lazy("1 hour"),
    "1d": gettext_lazy("1 day"),
    "7d": gettext_lazy("7 days"),
    "30d": gettext_lazy("30 days"),
}


@require_http_methods(["GET", "POST"])
@requires(Role.DEPLOYER, of=Branch)
def shares(request: HttpRequest, pk: int) -> HttpResponse:
    """The links to a preview: those that there are, and a form for one more."""
    branch = get_object_or_404(preview_rows(), pk=pk)
    if request.method == "POST":
        return _share(request, pk)
    context = {
        "branch": branch,
        "links": branch.shares.all()[:100],
        "link": _shown_once(request, "share", pk),
        "choices": CHOICES,
    }
    return render(request, "protection/shares.html", context)


def _share(request: HttpRequest, pk: int) -> HttpResponse:
    branch = get_object_or_404(preview_rows(), pk=pk)
    lasts = sharing.LASTS.get(request.POST.get("lasts", ""))
    if lasts is None:
        messages.error(request, _("Choose how long the link lasts. Nothing was made."))
        return redirect("shares", pk)
    note = request.POST.get("note", "").replace("\x00", "").strip()[:_LONGEST_NOTE]
    link = sharing.share(branch, lasts, note=note, actor=_actor(request))
    keep(request, "share", {"of": pk, "secret": link})
    return redirect("shares", pk)


@require_POST
@requires(Role.DEPLOYER, of=Share)
def unshare(request: HttpRequest, pk: int) -> HttpResponse:
    link = get_object_or_404(Share, pk=pk)
    if sharing.unshare(link, actor=_actor(request)):
        messages.success(request, _("The link is revoked. Whoever came by it is out."))
    else:
        messages.info(request, _("The link had ended before."))
    return redirect("shares", link.branch_id)


@require_POST
@requires(Role.ADMIN, of=Repository)
def make_bypass(request: HttpRequest, pk: int) -> HttpResponse:
    repository = get_object_or_404(Repository, pk=pk)
    token = sharing.make_bypass(repository, actor=_actor(request))
    keep(request, "bypass", {"of": pk, "secret": token})
    messages.success(request, _("The token is made. One before it no longer works."))
    return redirect("repository", pk)


@require_POST
@requires(Role.ADMIN, of=Repository)
def revoke_bypass(request: HttpRequest, pk: int) -> HttpResponse:
    repository = get_object_or_404(Repository, pk=pk)
    if sharing.revoke_bypass(repository, actor=_actor(request)):
        messages.success(request, _("The token is revoked."))
    else:
        messages.info(request, _("There was no token."))
    return redirect("repository", pk)


def bypass_of(request: HttpRequest, repository: Repository) -> dict[str, Any]:
    """What a repository's page shows of its token."""
    return {
        "bypass": getattr(repository, "bypass", None),
        "bypass_token": _shown_once(request, "bypass", repository.pk),
    }


def _shown_once(request: HttpRequest, name: str, of: int) -> str:
    """A secret that was made just now; empty for anything else, and from now on."""
    kept = take(request, name)
    return str(kept["secret"]) if kept.get("of") == of else ""


def _actor(request: HttpRequest) -> str:
    return request.user.get_username()

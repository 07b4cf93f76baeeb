"""The buttons of a preview: each is one wish, told to `intake`, and an answer in words."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from deployments import intake
from deployments.errors import UserError
from deployments.models import Branch, Deployment

from .access import Role, requires
from .presentation import preview_rows

_LONGEST_REASON = 500


@require_POST
@requires(Role.DEPLOYER)
def redeploy(request: HttpRequest, pk: int) -> HttpResponse:
    """Deploy the newest commit again. The form says what it was looking at when it was sent:
    a second click on the same page finds that something newer is under way, and does nothing."""
    branch = _branch(pk)
    if request.POST.get("generation") != str(branch.generation):
        messages.info(request, _("A newer deployment is already on its way. Nothing was changed."))
        return redirect("branch", pk)

    def wish() -> str:
        intake.redeploy(
            branch,
            actor=_actor(request),
            reason=_reason(request),
            no_cache="no_cache" in request.POST,
        )
        return _("The deployment is on its way.")

    return _done(request, pk, wish)


@require_GET
@requires(Role.DEPLOYER)
def confirm_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, about what is on its way at this moment."""
    return render(request, "branches/cancel.html", {"branch": _branch(pk)})


@require_POST
@requires(Role.DEPLOYER)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    deployment = get_object_or_404(Deployment.objects.select_related("branch"), pk=pk)

    def wish() -> str:
        is_new = intake.cancel(deployment, actor=_actor(request), reason=_reason(request))
        if is_new:
            return _("The deployment is cancelled.")
        return _("It had come to an end already. Nothing was changed.")

    return _done(request, deployment.branch_id, wish)


@require_POST
@requires(Role.DEPLOYER)
def pin(request: HttpRequest, pk: int) -> HttpResponse:
    branch = _branch(pk)

    def wish() -> str:
        is_new = intake.pin(branch, actor=_actor(request), reason=_reason(request))
        return _("It stays until somebody unpins it.") if is_new else _("It was pinned before.")

    return _done(request, pk, wish)


@require_POST
@requires(Role.DEPLOYER)
def unpin(request: HttpRequest, pk: int) -> HttpResponse:
    branch = _branch(pk)

    def wish() -> str:
        is_new = intake.unpin(branch, actor=_actor(request), reason=_reason(request))
        return _("Its time begins anew.") if is_new else _("It was not pinned.")

    return _done(request, pk, wish)


@require_POST
@requires(Role.DEPLOYER)
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    branch = _branch(pk)

    def wish() -> str:
        intake.extend(branch, actor=_actor(request))
        return _("Its time begins anew.")

    return _done(request, pk, wish)


@require_GET
@requires(Role.DEPLOYER)
def confirm_destroy(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, and say what will happen."""
    return render(request, "branches/destroy.html", {"branch": _branch(pk)})


@require_POST
@requires(Role.DEPLOYER)
def destroy(request: HttpRequest, pk: int) -> HttpResponse:
    branch, actor = _branch(pk), _actor(request)
    reason = _reason(request) or f"{actor} pressed destroy"

    def wish() -> str:
        is_new = intake.destroy(branch, actor=actor, reason=reason)
        return _("The preview is being taken down.") if is_new else _("It was destroyed before.")

    return _done(request, pk, wish)


def _done(request: HttpRequest, branch_id: int, wish: Callable[[], str]) -> HttpResponse:
    """Tell the wish, and lead back to the preview's page with what came of it."""
    try:
        said = wish()
    except UserError as problem:
        messages.error(request, f"{problem.message} {problem.hint}".strip())
    else:
        messages.success(request, said)
    return redirect("branch", branch_id)


def _actor(request: HttpRequest) -> str:
    return request.user.get_username()


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\x00", "").strip()[:_LONGEST_REASON]


def _branch(pk: int) -> Branch:
    return get_object_or_404(preview_rows(), pk=pk)

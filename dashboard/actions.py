"""The buttons: each is one wish, told to `intake`, and an answer in words."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from deployments import intake
from deployments.errors import UserError
from deployments.models import Branch

from .access import Role, requires
from .presentation import preview_rows


@require_POST
@requires(Role.DEPLOYER)
def redeploy(request: HttpRequest, pk: int) -> HttpResponse:
    """Deploy the newest commit again. The form says what it was looking at when it was sent:
    a second click on the same page finds that something newer is under way, and does nothing."""
    branch = _branch(pk)
    if request.POST.get("generation") != str(branch.generation):
        messages.info(request, _("A newer deployment is already on its way. Nothing was changed."))
        return redirect("branch", pk)
    try:
        intake.redeploy(
            branch, actor=request.user.get_username(), no_cache="no_cache" in request.POST
        )
    except UserError as problem:
        messages.error(request, f"{problem.message} {problem.hint}".strip())
    else:
        messages.success(request, _("The deployment is on its way."))
    return redirect("branch", pk)


@require_GET
@requires(Role.DEPLOYER)
def confirm_destroy(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, and say what will happen."""
    return render(request, "branches/destroy.html", {"branch": _branch(pk)})


@require_POST
@requires(Role.DEPLOYER)
def destroy(request: HttpRequest, pk: int) -> HttpResponse:
    branch = _branch(pk)
    actor = request.user.get_username()
    try:
        is_new = intake.destroy(branch, actor=actor, reason=f"{actor} pressed destroy")
    except UserError as problem:
        messages.error(request, f"{problem.message} {problem.hint}".strip())
    else:
        said = _("The preview is being taken down.") if is_new else _("It was destroyed before.")
        messages.success(request, said)
    return redirect("branch", pk)


def _branch(pk: int) -> Branch:
    return get_object_or_404(preview_rows(), pk=pk)

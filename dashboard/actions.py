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

from . import undoing
from .access import Role, requires
from .auditing import noted
from .presentation import preview_rows

_LONGEST_REASON = 500

#: What is said when a wish was told, and the key of what takes it back (`undoing`).
Said = tuple[str, str]


@require_POST
@requires(Role.DEPLOYER, of=Branch)
def redeploy(request: HttpRequest, pk: int) -> HttpResponse:
    """Deploy the newest commit again, or the one that is named."""
    branch = _branch(pk)
    no_cache = "no_cache" in request.POST
    commit = request.POST.get("commit", "").strip()
    actor, reason = _actor(request), _reason(request)

    def wish() -> Said:
        if commit:
            intake.deploy_commit(branch, commit, actor=actor, reason=reason, no_cache=no_cache)
            return _("That commit is on its way."), "deploy_head"
        intake.redeploy(branch, actor=actor, reason=reason, no_cache=no_cache)
        return _("The deployment is on its way."), ""

    return _once(request, branch, "preview.deploy", wish)


@require_GET
@requires(Role.DEPLOYER, of=Branch)
def choose_deployment(request: HttpRequest, pk: int) -> HttpResponse:
    """Deploy in another way than at the press of a button."""
    branch = _branch(pk)
    recent = branch.deployment.commits if branch.deployment else []
    return render(request, "branches/deploy.html", {"branch": branch, "commits": recent})


@require_GET
@requires(Role.DEPLOYER, of=Branch)
def choose_rollback(request: HttpRequest, pk: int) -> HttpResponse:
    branch = _branch(pk)
    targets = intake.rollback_targets(branch)
    return render(request, "branches/rollback.html", {"branch": branch, "targets": targets})


@require_POST
@requires(Role.DEPLOYER, of=Branch)
def roll_back(request: HttpRequest, pk: int) -> HttpResponse:
    branch = _branch(pk)
    chosen = request.POST.get("deployment", "")
    # Only its own ones, and a number that both databases hold.
    number = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 18 else 0
    to = get_object_or_404(branch.deployments, pk=number)

    def wish() -> Said:
        intake.roll_back(branch, to, actor=_actor(request), reason=_reason(request))
        said = _("Deployment #%(number)d is on its way back.") % {"number": to.generation}
        return said, "deploy_head"

    return _once(request, branch, "preview.roll_back", wish)


@require_GET
@requires(Role.DEPLOYER, of=Branch)
def confirm_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, about what is on its way at this moment."""
    return render(request, "branches/cancel.html", {"branch": _branch(pk)})


@require_POST
@requires(Role.DEPLOYER, of=Deployment)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    deployment = get_object_or_404(Deployment.objects.select_related("branch"), pk=pk)

    def wish() -> Said:
        is_new = intake.cancel(deployment, actor=_actor(request), reason=_reason(request))
        if is_new:
            return _("The deployment is cancelled."), "deploy_head"
        return _("It had come to an end already. Nothing was changed."), ""

    return _done(request, deployment.branch, "deployment.cancel", wish)


@require_POST
@requires(Role.DEPLOYER, of=Branch)
def pin(request: HttpRequest, pk: int) -> HttpResponse:
    branch = _branch(pk)

    def wish() -> Said:
        if intake.pin(branch, actor=_actor(request), reason=_reason(request)):
            return _("It stays until somebody unpins it."), "unpin"
        return _("It was pinned before."), ""

    return _done(request, branch, "preview.pin", wish)


@require_POST
@requires(Role.DEPLOYER, of=Branch)
def unpin(request: HttpRequest, pk: int) -> HttpResponse:
    branch = _branch(pk)

    def wish() -> Said:
        if intake.unpin(branch, actor=_actor(request), reason=_reason(request)):
            return _("Its time begins anew."), "pin"
        return _("It was not pinned."), ""

    return _done(request, branch, "preview.unpin", wish)


@require_POST
@requires(Role.DEPLOYER, of=Branch)
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    branch = _branch(pk)

    def wish() -> Said:
        intake.extend(branch, actor=_actor(request))
        return _("Its time begins anew."), ""

    return _done(request, branch, "preview.extend", wish)


@require_GET
@requires(Role.DEPLOYER, of=Branch)
def confirm_destroy(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, and say what will happen."""
    return render(request, "branches/destroy.html", {"branch": _branch(pk)})


@require_POST
@requires(Role.DEPLOYER, of=Branch)
def destroy(request: HttpRequest, pk: int) -> HttpResponse:
    branch, actor = _branch(pk), _actor(request)
    reason = _reason(request) or f"{actor} pressed destroy"

    def wish() -> Said:
        if intake.destroy(branch, actor=actor, reason=reason):
            return _("The preview is being taken down."), "redeploy"
        return _("It was destroyed before."), ""

    return _done(request, branch, "preview.destroy", wish)


def _once(
    request: HttpRequest, branch: Branch, action: str, wish: Callable[[], Said]
) -> HttpResponse:
    """The form says what it was looking at when it was sent: a second click on the same page finds
    that something newer is under way, and does nothing."""
    if request.POST.get("generation") != str(branch.generation):
        messages.info(request, _("A newer deployment is already on its way. Nothing was changed."))
        return redirect("branch", branch.pk)
    return _done(request, branch, action, wish)


def _done(
    request: HttpRequest, branch: Branch, action: str, wish: Callable[[], Said]
) -> HttpResponse:
    """Tell the wish, and lead back to the preview's page with what came of it."""
    try:
        with noted(action, branch, actor=_actor(request), reason=_reason(request)):
            said, undo = wish()
    except UserError as problem:
        messages.error(request, f"{problem.message} {problem.hint}".strip())
    else:
        branch.refresh_from_db(fields=["generation"])
        undoing.say(request, said, undo, branch)
    return redirect("branch", branch.pk)


def _actor(request: HttpRequest) -> str:
    return request.user.get_username()


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\x00", "").strip()[:_LONGEST_REASON]


def _branch(pk: int) -> Branch:
    return get_object_or_404(preview_rows(), pk=pk)

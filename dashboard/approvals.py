"""A stranger's commit that waits: what it is, and the two buttons that decide about it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from deployments import intake
from deployments.errors import UserError
from deployments.models import Branch

from .access import Role, requires
from .auditing import noted
from .forks import association
from .presentation import commit_address, hub_address, preview_rows, web_address

_LONGEST_HASH = 64
_LONGEST_REASON = 500


@require_GET
@requires(Role.VIEWER, of=Branch)
def approval(request: HttpRequest, pk: int) -> HttpResponse:
    """Who wrote it, where it comes from, which commit it is, and what it may do once approved."""
    branch = _branch(pk)
    commit, approved = branch.waiting_commit, branch.wanted_commit
    changes = hub_address(branch.repository, f"compare/{approved}...{commit}") if approved else ""
    pull_request = web_address(branch.pull_request_url)
    return render(
        request,
        "branches/approval.html",
        {
            "branch": branch,
            "association": association(branch.author_association),
            "commit_url": commit_address(branch.repository, commit),
            "files_url": f"{pull_request}/files" if pull_request else "",
            "changes_url": changes,
            "approvals": branch.approvals.all()[:5],
        },
    )


@require_POST
@requires(Role.DEPLOYER, of=Branch)
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the commit that the page showed be built and run; another one is not approved by it."""
    branch, commit = _branch(pk), _commit(request)

    def wish() -> str:
        intake.approve(branch, commit, actor=_actor(request), reason=_reason(request))
        return _("%(commit)s is approved, and on its way.") % {"commit": commit[:7]}

    return _done(request, branch, "fork.approve", wish)


@require_POST
@requires(Role.DEPLOYER, of=Branch)
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    branch, commit = _branch(pk), _commit(request)

    def wish() -> str:
        intake.reject(branch, commit, actor=_actor(request), reason=_reason(request))
        return _("%(commit)s is not built. The next push waits again.") % {"commit": commit[:7]}

    return _done(request, branch, "fork.reject", wish)


def _done(
    request: HttpRequest, branch: Branch, action: str, wish: Callable[[], str]
) -> HttpResponse:
    try:
        with noted(action, branch, actor=_actor(request), reason=_reason(request)):
            said = wish()
    except UserError as problem:
        messages.error(request, f"{problem.message} {problem.hint}".strip())
        branch.refresh_from_db(fields=["waiting_commit", "wanted"])
        return redirect("approval" if branch.waiting_for else "branch", branch.pk)
    messages.success(request, said)
    return redirect("branch", branch.pk)


def _actor(request: HttpRequest) -> str:
    return request.user.get_username()


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\x00", "").strip()[:_LONGEST_REASON]


def _commit(request: HttpRequest) -> str:
    return request.POST.get("commit", "").replace("\x00", "")[:_LONGEST_HASH]


def _branch(pk: int) -> Branch:
    return get_object_or_404(preview_rows(), pk=pk, is_fork=True)

"""Tokens of the API: what each may do, when it was used last, and its end."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dashboard.access import Role, requires
from dashboard.shown_once import keep, take
from deployments import tokens
from deployments.errors import UserError
from deployments.models import ApiToken, Repository

#: Days after which a token ends; 0 is never.
LIVES = (7, 30, 90, 365, 0)


@require_GET
@requires(Role.ADMIN)
def listed(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "administration/tokens.html",
        {
            "tokens": ApiToken.objects.prefetch_related("repositories").order_by("name"),
            "repositories": Repository.objects.all(),
            "roles": ApiToken.Role.choices,
            "lives": LIVES,
            "new": take(request, "token"),
        },
    )


@require_POST
@requires(Role.ADMIN)
def issue(request: HttpRequest) -> HttpResponse:
    chosen = [int(key) for key in request.POST.getlist("repositories") if key.isdecimal()]
    days = request.POST.get("days", "")
    name = request.POST.get("name", "").strip()
    try:
        token = tokens.issue(
            name,
            request.POST.get("role", ""),
            actor=request.user.get_username(),
            repositories=list(Repository.objects.filter(pk__in=chosen)),
            days=int(days) if days.isdecimal() and int(days) in LIVES and int(days) else None,
        )
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    except UserError as problem:
        messages.error(request, f"{problem.message} {problem.hint}".strip())
    else:
        keep(request, "token", {"name": name, "token": token})
    return redirect("tokens")


@require_POST
@requires(Role.ADMIN)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=pk)
    tokens.revoke(token, actor=request.user.get_username())
    messages.success(request, _("%s works no longer.") % token.name)
    return redirect("tokens")

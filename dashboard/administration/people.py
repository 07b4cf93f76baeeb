"""People: who may sign in, and as what; everywhere, and inside one repository."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dashboard import listing, roles
from dashboard.access import Role, requires, role_of
from dashboard.listing import Search
from dashboard.shown_once import keep, take
from deployments.errors import UserError
from deployments.models import ApiToken, Repository

CHOICES = ApiToken.Role.choices


@require_GET
@requires(Role.ADMIN)
def listed(request: HttpRequest) -> HttpResponse:
    search = Search.of(request.GET)
    rows = User.objects.prefetch_related("groups", "memberships__repository").order_by("username")
    if search.text:
        rows = rows.filter(Q(username__icontains=search.text) | Q(email__icontains=search.text))
    if search.before:
        rows = rows.filter(username__gt=search.before)
    page = listing.paged(rows, search, lambda person: str(person.username))
    return render(
        request,
        "administration/people.html",
        {
            "search": search,
            "people": [(person, _role_name(person)) for person in page.rows],
            "following": page.following,
            "roles": CHOICES,
            "new": take(request, "person"),
        },
    )


@require_POST
@requires(Role.ADMIN)
def add(request: HttpRequest) -> HttpResponse:
    """A new person with a password that is shown once."""
    name, role = request.POST.get("name", "").strip(), Role.named(request.POST.get("role", ""))
    try:
        _person, password = roles.add(name, role, actor=request.user.get_username())
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
        return redirect("people")
    keep(request, "person", {"name": name, "password": password})
    return redirect("people")


@require_POST
@requires(Role.ADMIN)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another role everywhere, or whether a person may sign in."""
    person, actor = get_object_or_404(User, pk=pk), request.user.get_username()
    try:
        if "is_active" in request.POST:
            is_new = roles.let_in(person, request.POST["is_active"] == "1", actor=actor)
        else:
            role = Role.named(request.POST.get("role", ""))
            is_new = roles.give(person, role, actor=actor)
    except UserError as problem:
        messages.error(request, f"{problem.message} {problem.hint}".strip())
    else:
        messages.success(request, _("Saved.") if is_new else _("Nothing was changed."))
    return redirect("people")


@require_POST
@requires(Role.ADMIN, of=Repository)
def member(request: HttpRequest, pk: int) -> HttpResponse:
    """A person's role inside a repository; none takes it away."""
    repository = get_object_or_404(Repository, pk=pk)
    name, actor = request.POST.get("name", "").strip(), request.user.get_username()
    person = User.objects.filter(username=name).first()
    role = Role.named(request.POST.get("role", ""))
    if person is None:
        messages.error(request, _("Nobody here is called “%s”.") % name[:150])
    elif role is None:
        roles.leave(person, repository, actor=actor)
        messages.success(request, _("%s has no role of their own here any more.") % name)
    else:
        roles.join(person, repository, role, actor=actor)
        messages.success(request, _("Saved."))
    return redirect("repository", pk)


def members(repository: Repository) -> dict[str, Any]:
    """What a repository's page shows of its people."""
    rows = repository.memberships.select_related("user").order_by("user__username")
    return {"members": rows, "roles": CHOICES}


def _role_name(person: User) -> str:
    role = role_of(person) if person.is_active else None
    names = [group.name for group in person.groups.all()]
    held = role or max(filter(None, map(Role.named, names)), default=None)
    return held.name.lower() if held else ""

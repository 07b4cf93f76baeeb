"""A repository's secrets in the browser: set, replaced, removed. No page has a value."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from dashboard.access import Role, requires
from deployments import safekeeping
from deployments.models import Repository, Secret

from .secretform import SecretForm


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@requires(Role.ADMIN, of=Repository)
def add(request: HttpRequest, pk: int) -> HttpResponse:
    repository = get_object_or_404(Repository, pk=pk)
    form = SecretForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wish = form.wish()
        if repository.secrets.filter(name=wish.name, pattern=wish.pattern).exists():
            form.add_error("name", _("It is set for these branches already: replace that one."))
        elif _put(request, repository, form):
            return redirect("repository", pk)
    return _show(request, repository, form)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@requires(Role.ADMIN, of=Repository)
def replace(request: HttpRequest, pk: int, secret: int) -> HttpResponse:
    """Another value, or another purpose: without a value the one that there is stays."""
    known = _known(pk, secret)
    form = SecretForm(request.POST or None, known=known)
    if request.method == "POST" and form.is_valid() and _put(request, known.repository, form):
        return redirect("repository", pk)
    return _show(request, known.repository, form, known)


@require_http_methods(["GET", "POST"])
@requires(Role.ADMIN, of=Repository)
def remove(request: HttpRequest, pk: int, secret: int) -> HttpResponse:
    known = _known(pk, secret)
    if request.method == "GET":
        context = {"repository": known.repository, "secret": known}
        return render(request, "repositories/remove_secret.html", context)
    safekeeping.remove(known, actor=request.user.get_username())
    messages.success(request, _("%s is removed. What runs has it until it ends.") % known)
    return redirect("repository", pk)


def _known(repository: int, secret: int) -> Secret:
    rows = Secret.objects.select_related("repository")
    return get_object_or_404(rows, pk=secret, repository=repository)


def _put(request: HttpRequest, repository: Repository, form: SecretForm) -> bool:
    wish = form.wish()
    try:
        row = safekeeping.put(repository, wish, actor=request.user.get_username())
    except ValidationError as problem:
        form.refuse(problem)
        return False
    messages.success(request, _("%s is set. It holds from the next deployment on.") % row)
    if wish.is_short:
        messages.warning(request, _("It is shorter than 6 characters: logs will show it."))
    return True


def _show(
    request: HttpRequest, repository: Repository, form: SecretForm, known: Secret | None = None
) -> HttpResponse:
    context = {"repository": repository, "form": form, "secret": known}
    return render(request, "repositories/secret.html", context)

"""The pages of repositories; what is kept of them is written by `deployments.registering`."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard import told
from dashboard.access import Role, access_of, requires
from dashboard.administration import people
from dashboard.presentation import hub_address
from dashboard.protection.pages import bypass_of
from dashboard.shown_once import keep, take
from deployments import checking, connecting, registering
from deployments.adapters import hosts
from deployments.checking import Subject
from deployments.config import config
from deployments.errors import UserError
from deployments.models import Delivery, Poll, Repository
from deployments.secrets import installation_secrets
from deployments.states import BranchState

from .forms import RepositoryForm

_SUGGESTED = ("full_name", "clone_url", "default_branch")


@require_GET
@requires(Role.VIEWER)
def listed(request: HttpRequest) -> HttpResponse:
    shown = access_of(request.user).visible(_with_numbers())
    return render(request, "repositories/list.html", {"repositories": shown})


@require_GET
@requires(Role.VIEWER, of=Repository)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    repository = get_object_or_404(_with_numbers(), pk=pk)
    is_poll = request.headers.get("HX-Request") == "true"
    shown = {} if is_poll else take(request, "webhook")
    secret = shown.get("secret", "") if shown.get("repository") == pk else ""
    return render(
        request,
        "repositories/page.html",
        {
            "repository": repository,
            "secret": secret,
            "is_told_by_app": not repository.webhook_secret and bool(installation_secrets()),
            "webhook_url": f"{config().base_url.rstrip('/')}/webhooks/github",
            "hooks_url": hub_address(repository, "settings/hooks/new"),
            "newest": Delivery.objects.filter(repository=pk).defer("payload").last(),
            "poll": Poll.objects.filter(repository=pk).first(),
            "poll_seconds": hosts.poll_seconds(repository),
            "has_pull_requests": hosts.of(repository).has_pull_requests,
            "subjects": list(Subject),
            "told": told.of_repository(repository),
            **people.members(repository),
        }
        # The webhook's part of the page asks again and again: what is shown once is not for it.
        | ({} if is_poll else bypass_of(request, repository)),
    )


@require_http_methods(["GET", "POST"])
@requires(Role.ADMIN)
def add(request: HttpRequest) -> HttpResponse:
    # A row of defaults: lists that are declared by the form have none of their own.
    form = RepositoryForm(request.POST or None, instance=Repository(**_suggested(request)))
    if request.method == "POST" and form.is_valid():
        repository = form.save(commit=False)
        is_heard_of = connecting.hears_of(repository)
        repository.webhook_secret = "" if is_heard_of else registering.new_secret()
        registering.add(repository, actor=request.user.get_username())
        _show_once(request, repository)
        said = _("%s is known now. One step is left: the webhook.")
        if is_heard_of:
            said = _("%s is known now. The GitHub App tells of its pushes and pull requests.")
        messages.success(request, said % repository)
        return redirect("repository", repository.pk)
    return render(request, "repositories/form.html", {"form": form})


@require_http_methods(["GET", "POST"])
@requires(Role.ADMIN, of=Repository)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    repository = get_object_or_404(Repository, pk=pk)
    # Checking writes into the form's own instance: what is stored is compared with another one.
    is_for_all = access_of(request.user).role == Role.ADMIN
    instance = get_object_or_404(Repository, pk=pk)
    form = RepositoryForm(request.POST or None, instance=instance, is_for_all=is_for_all)
    if request.method == "POST" and form.is_valid():
        actor = request.user.get_username()
        differing = registering.change(repository, form.cleaned_data, actor=actor)
        said = _("Saved. It holds from the next deployment on.")
        messages.success(request, said if differing else _("Nothing was changed."))
        return redirect("repository", pk)
    context = {"form": form, "repository": repository, "is_for_all": is_for_all}
    return render(request, "repositories/form.html", context)


@require_POST
@requires(Role.ADMIN, of=Repository)
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """A new webhook secret; the one before stays valid until the next rotation."""
    repository = get_object_or_404(Repository, pk=pk)
    new = {"webhook_secret": registering.new_secret()}
    registering.change(repository, new, actor=request.user.get_username())
    _show_once(request, repository)
    messages.success(request, _("Paste the new secret at GitHub. The one before still works."))
    return redirect("repository", pk)


@require_http_methods(["GET", "POST"])
@requires(Role.ADMIN)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    repository = get_object_or_404(_with_numbers(), pk=pk)
    if request.method == "GET":
        return render(request, "repositories/remove.html", {"repository": repository})
    try:
        registering.remove(get_object_or_404(Repository, pk=pk), actor=request.user.get_username())
    except UserError as problem:
        messages.error(request, problem.message)
        return redirect("repository", pk)
    messages.success(request, _("%s is forgotten.") % repository)
    return redirect("repositories")


@require_GET
@requires(Role.DEPLOYER, of=Repository)
def check(request: HttpRequest, pk: int, subject: str) -> HttpResponse:
    """What one subject says of the settings; a part of the page, or one alone."""
    repository = get_object_or_404(Repository, pk=pk)
    if subject not in list(Subject):
        raise Http404
    found = checking.check(repository, Subject(subject))
    context: dict[str, Any] = {"repository": repository, "subject": subject, "checks": found}
    return render(request, "repositories/check.html", context)


def _suggested(request: HttpRequest) -> dict[str, Any]:
    """What the page “GitHub” knows of a repository already."""
    given = {name: request.GET.get(name, "") for name in _SUGGESTED}
    known: dict[str, Any] = {name: value for name, value in given.items() if value}
    return known | ({"is_private": True} if "is_private" in request.GET else {})


def _with_numbers() -> QuerySet[Any]:
    there = Count("branches", filter=~Q(branches__state=BranchState.DESTROYED), distinct=True)
    newest = Max("deliveries__received_at")
    return Repository.objects.annotate(previews=there, last_delivery=newest)


def _show_once(request: HttpRequest, repository: Repository) -> None:
    keep(request, "webhook", {"repository": repository.pk, "secret": repository.webhook_secret})

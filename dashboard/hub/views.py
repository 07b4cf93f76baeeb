"""The way to GitHub with a manifest, and back with an App."""

import json
import re
from typing import Any, cast
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from dashboard.access import Role, requires
from dashboard.presentation import web_address
from deployments import connecting
from deployments.adapters.github import permissions
from deployments.config import config
from deployments.errors import EdahaError
from deployments.models import GitHubApp, Repository

from . import states

_LOGIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}$")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,200}")


class AccountForm(forms.Form):
    """Whose the App will be."""

    kind = forms.ChoiceField(
        choices=[
            ("organization", gettext_lazy("An organisation")),
            ("personal", gettext_lazy("My own account")),
        ]
    )
    account = forms.CharField(
        required=False,
        validators=[RegexValidator(_LOGIN, gettext_lazy("Write it as in its address at GitHub."))],
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        is_personal = given.get("kind") == "personal"
        if not is_personal and not given.get("account") and "account" not in self.errors:
            self.add_error("account", _("Name the organisation."))
        return given | {"account": "" if is_personal else given.get("account", "")}


@require_GET
@requires(Role.ADMIN)
def page(request: HttpRequest) -> HttpResponse:
    return _page(request, AccountForm(initial={"kind": "organization"}))


@require_GET
@requires(Role.ADMIN)
def begin(request: HttpRequest) -> HttpResponse:
    """What will be asked for, and the button that takes it to GitHub."""
    form = AccountForm(request.GET)
    if config().github_app_id or not form.is_valid():
        return _page(request, form)
    asked = connecting.manifest(_absolute("github_made"), _absolute("github"))
    context = {
        "address": connecting.address(form.cleaned_data["account"]),
        "account": form.cleaned_data["account"],
        "state": states.begin(request),
        "manifest": json.dumps(asked),
        "asked": asked,
    }
    response = render(request, "github/begin.html", context)
    # django-csp's own way to widen the policy of one answer: the form leads to GitHub.
    cast(Any, response)._csp_update = {"form-action": [_origin()]}
    return response


@require_GET
@requires(Role.ADMIN)
def made(request: HttpRequest) -> HttpResponse:
    """GitHub leads back here once it has made the App."""
    code = request.GET.get("code", "")
    if not states.take(request, request.GET.get("state", "")) or not _CODE.fullmatch(code):
        messages.error(
            request,
            _("This answer from GitHub was not expected here: begin again, in the same browser."),
        )
        return redirect("github")
    try:
        app = connecting.finish(code, actor=request.user.get_username())
    except EdahaError as problem:
        messages.error(request, f"{problem.message} {problem.hint}".strip())
    else:
        said = _("GitHub has made the App %s. One step is left: install it.")
        messages.success(request, said % app.name)
    return redirect("github")


@require_GET
@requires(Role.ADMIN)
def seen(request: HttpRequest) -> HttpResponse:
    """What GitHub shows of the App now; a part of the page, or one alone."""
    context: dict[str, Any] = {"needed": permissions.NEEDED}
    try:
        found = connecting.look()
    except EdahaError as problem:
        context["problem"] = problem
    else:
        known = {name.lower(): pk for name, pk in Repository.objects.values_list("full_name", "pk")}
        context |= {
            "newest": found.newest,
            "unreached": found.unreached,
            "installed": [
                {
                    "at": each,
                    "url": web_address(each.url),
                    "missing": permissions.missing(each.installation.permissions),
                    "repositories": [
                        (row, known.get(row.full_name.lower())) for row in each.repositories
                    ],
                }
                for each in found.installed
            ],
        }
    return render(request, "github/seen.html", context)


@require_http_methods(["GET", "POST"])
@requires(Role.ADMIN)
def forget(request: HttpRequest) -> HttpResponse:
    app = GitHubApp.current()
    if app is None:
        return redirect("github")
    if request.method == "GET":
        return render(request, "github/forget.html", {"app": app})
    connecting.forget(get_object_or_404(GitHubApp, pk=app.pk), actor=request.user.get_username())
    messages.success(request, _("%s is forgotten. Delete it at GitHub, too.") % app.name)
    return redirect("github")


def _page(request: HttpRequest, form: AccountForm) -> HttpResponse:
    app = GitHubApp.current()
    settings_app = config().github_app_id
    url = web_address(app.url) if app is not None and not settings_app else ""
    context = {
        "app": None if settings_app else app,
        "settings_app": settings_app,
        "install_url": f"{url}/installations/new" if url else "",
        "has_token": bool(config().github_token),
        "hub": config().github_url,
        "is_reachable": connecting.is_reachable(),
        "base_url": config().base_url,
        "form": form,
    }
    return render(request, "github/page.html", context)


def _absolute(name: str) -> str:
    """By the settings, and not by a header that somebody has sent."""
    return f"{config().base_url.rstrip('/')}{reverse(name)}"


def _origin() -> str:
    parts = urlsplit(config().github_url)
    return f"{parts.scheme}://{parts.netloc}"

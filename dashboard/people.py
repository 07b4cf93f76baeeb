"""What people keep for themselves: favourites, and how they want to see the pages."""

from typing import cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language as set_language_cookie

from deployments.models import Branch

from .access import Role, requires
from .accounts import preferences_of
from .models import Favourite, Preferences
from .terminals import holding as terminals

THEMES = ("light", "dark")
_YEAR = 365 * 24 * 60 * 60


class PreferencesForm(forms.Form):
    theme = forms.ChoiceField(
        label=gettext_lazy("Colours"),
        required=False,
        choices=[
            ("", gettext_lazy("Like the system")),
            ("light", gettext_lazy("Light")),
            ("dark", gettext_lazy("Dark")),
        ],
        widget=forms.RadioSelect,
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("Like the browser")), *settings.LANGUAGES],
        widget=forms.RadioSelect,
    )
    github_login = forms.CharField(
        label=gettext_lazy("Name at GitHub"), required=False, max_length=100
    )

    def clean_github_login(self) -> str:
        login: str = self.cleaned_data["github_login"]
        return login.removeprefix("@")


@require_POST
@requires(Role.VIEWER, of=Branch, is_personal=True)
def favourite(request: HttpRequest, pk: int) -> HttpResponse:
    branch = get_object_or_404(Branch.objects.only("pk"), pk=pk)
    Favourite.objects.get_or_create(user=_person(request), branch=branch)
    return _back(request)


@require_POST
@requires(Role.VIEWER, of=Branch, is_personal=True)
def unfavourite(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(Branch.objects.only("pk"), pk=pk)
    Favourite.objects.filter(user=_person(request), branch=pk).delete()
    return _back(request)


@require_GET
@requires(Role.VIEWER, is_personal=True)
def preferences(request: HttpRequest) -> HttpResponse:
    theme = request.COOKIES.get("theme", "")
    kept = preferences_of(request.user)
    known = {"theme": theme, "language": kept.language, "github_login": kept.github_login}
    form = PreferencesForm(initial=known)
    return _page(request, form)


@require_POST
@requires(Role.VIEWER, is_personal=True)
def save(request: HttpRequest) -> HttpResponse:
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    wanted = form.cleaned_data
    Preferences.objects.update_or_create(
        user=_person(request),
        defaults={name: wanted[name] for name in ("language", "github_login")},
    )
    if wanted["language"]:
        translation.activate(wanted["language"])
    messages.success(request, _("Saved."))
    response = redirect("preferences")
    # What the header's button chose before must not come back.
    response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    _keep_theme(request, response, wanted["theme"])
    return response


def _page(request: HttpRequest, form: PreferencesForm) -> HttpResponse:
    known = {"form": form, "terminals": terminals.of(_person(request))}
    return render(request, "people/preferences.html", known)


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """For this browser; and for the person, where one is signed in."""
    response = set_language_cookie(request)
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        Preferences.objects.update_or_create(user=_person(request), defaults={"language": language})
    return response


def _keep_theme(request: HttpRequest, response: HttpResponse, theme: str) -> None:
    """In a cookie, which the script of the header's button writes as well."""
    if theme in THEMES:
        is_secure = request.is_secure()
        # nosemgrep: edaha-cookie-without-flags (no secret, and the script writes it as well)
        response.set_cookie("theme", theme, max_age=_YEAR, samesite="Lax", secure=is_secure)
    else:
        response.delete_cookie("theme")


def _back(request: HttpRequest) -> HttpResponse:
    """To where the form was; a script needs to hear only that it is done."""
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    address = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        address, {request.get_host()}, require_https=request.is_secure()
    )
    return redirect(address if is_ours else "branches")


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)

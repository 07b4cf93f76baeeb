"""Who is signed in, with what the pages need of them: read in one query."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import Case, Max, When
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from deployments import audit
from deployments.config import config

from . import limits
from .access import Role, remember_role
from .models import Preferences

#: The highest role that a group gives.
_HELD = Max(Case(*(When(groups__name=role.name.lower(), then=role.value) for role in Role)))


class Backend(ModelBackend):
    """Django's own, which brings a person's role and preferences along."""

    def get_user(self, user_id: Any) -> User | None:
        people = User.objects.select_related("preferences").annotate(held=_HELD)
        person = people.filter(pk=user_id).first()
        if person is None or not self.user_can_authenticate(person):
            return None
        remember_role(person, Role(person.held) if person.held else None)
        return person


def preferences_of(person: AbstractBaseUser | AnonymousUser) -> Preferences:
    """What a person prefers; where nothing was ever chosen, a new row that is not stored yet."""
    if not isinstance(person, User):
        return Preferences()
    try:
        found: Preferences = person.preferences
    except Preferences.DoesNotExist:
        found = Preferences(user=person)
    return found


def login_of(person: AbstractBaseUser | AnonymousUser) -> str:
    """Whose pull requests are a person's own."""
    return preferences_of(person).github_login or person.get_username()


class SignInMiddleware(LoginRequiredMiddleware):
    """Deny by default: a view that is open to everybody says so (`login_not_required`). Where the
    installation lets everybody read, what needs no more than a viewer is open as well."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if config().open_reading and getattr(view_func, "is_open_reading", False):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class OriginMiddleware:
    """The audit log learns from where a request comes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        before = audit.origin.set(limits.address_of(request))
        try:
            return self._get_response(request)
        finally:
            audit.origin.reset(before)


class LanguageMiddleware:
    """The language that a person chose comes before what the browser asks for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Whoever is not signed in, a visitor or GitHub, costs no look into the database.
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            chosen = preferences_of(request.user).language
            if chosen in dict(settings.LANGUAGES):
                translation.activate(chosen)
                request.LANGUAGE_CODE = chosen
        return self._get_response(request)

"""Local accounts of a certain role must have a second factor before they see anything else."""

from collections.abc import Callable
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from dashboard.access import Role, access_of
from deployments.config import config

#: What one needs to set a second factor up, or to leave instead.
ALLOWED = {
    "sign_in",
    "sign_out",
    "set_language",
    "account_reauthenticate",
    "mfa_activate_totp",
    "healthz",
    "readyz",
    "router_gate",
    "router_status",
}


class SecondFactorMiddleware:
    """Sends to the set-up page whoever needs a second factor and has none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        needed = Role.named(config().mfa_required)
        match = request.resolver_match
        if needed is None or match is None or match.url_name in ALLOWED or _is_api(match):
            return None
        return redirect("mfa_activate_totp") if _lacks(request, needed) else None


def _is_api(match: Any) -> bool:
    return "api" in match.namespaces


def _lacks(request: HttpRequest, needed: Role) -> bool:
    person = request.user
    if not person.is_authenticated or not _is_local(request):
        return False
    held = access_of(person).highest
    if held is None or held < needed:
        return False
    return not Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists()


def _is_local(request: HttpRequest) -> bool:
    """Whether a password of Edaha's own let the person in: other ways have their own factors."""
    methods = {each["method"] for each in get_authentication_records(request, request.user)}
    return "socialaccount" not in methods and "signed_in_by_header" not in request.session

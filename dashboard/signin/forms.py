"""allauth's sign-in form, whose sessions end when Edaha says so."""

from typing import Any

from allauth.account.forms import LoginForm
from django.http import HttpRequest

from .accounts import end_at


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth has no types
    def login(self, request: HttpRequest, redirect_url: str | None = None) -> Any:
        response = super().login(request, redirect_url)
        end_at(request)
        return response

"""What allauth has no page for, or would fail at."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.socialaccount.models import SocialApp
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render


def where_it_is_set(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A way to sign in that is not set up does not exist."""

    @wraps(view)
    def found(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except SocialApp.DoesNotExist:
            raise Http404 from None

    return found


def no_password(request: HttpRequest) -> HttpResponse:
    """For whoever signs in elsewhere, and asks to change a password that Edaha does not have."""
    return render(request, "account/no_password.html", status=404)

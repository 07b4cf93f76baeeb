"""What allauth has no page for."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def no_password(request: HttpRequest) -> HttpResponse:
    """For whoever signs in elsewhere, and asks to change a password that Edaha does not have."""
    return render(request, "account/no_password.html", status=404)

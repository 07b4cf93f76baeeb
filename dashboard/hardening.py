"""Headers that every answer carries, beside those that Django sets by itself."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

#: What no page of Edaha asks a browser for.
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)


class HeadersMiddleware:
    """Nobody after a person finds their pages in a browser's cache, or a proxy's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS)
        is_personal = settings.SESSION_COOKIE_NAME in request.COOKIES or getattr(
            request, "is_signed_in_by_header", False
        )
        if is_personal:
            response.setdefault("Cache-Control", "no-store, private")
        return response

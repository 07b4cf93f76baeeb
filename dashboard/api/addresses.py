"""The API's addresses, as Django's router takes them."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.views.decorators.csrf import csrf_exempt

from . import (
    administering,
    branches,
    building,
    deliveries,
    described,
    handing,
    machinery,
    overview,
    problems,
    progress,
    repeating,
    repositories,
    runtime,
    shares,
    subscriptions,
    wishes,
)
from .operations import api

#: The operations are known once their modules are.
__all__ = [
    "administering",
    "branches",
    "building",
    "deliveries",
    "described",
    "handing",
    "machinery",
    "overview",
    "progress",
    "repositories",
    "runtime",
    "shares",
    "subscriptions",
    "urls",
    "wishes",
]

View = Callable[..., HttpResponse]


@api.api_operation(
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    "/{path:rest}",
    include_in_schema=False,
)
def anything_else(request: HttpRequest, rest: str) -> None:
    """Takes whatever no operation before it took."""
    raise Http404


def _finished(view: View) -> View:
    """Tokens are checked by the operation itself; no session and no cookie has a say."""

    @login_not_required
    @csrf_exempt  # nosemgrep: edaha-csrf-exempt (a token of its own)
    @wraps(view, assigned=())
    def finished(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Http404 as problem:
            response = problems.not_found(request, problem)
        except Exception:
            repeating.forget(request)
            raise
        if response.status_code == 405:
            response = problems.not_allowed(response["Allow"])
        repeating.keep(request, response)
        response.setdefault("Cache-Control", "no-store")
        return response

    return finished


def _patterns() -> list[URLPattern]:
    patterns = cast(list[URLPattern], api.urls[0])
    for pattern in patterns:
        pattern.callback = _finished(pattern.callback)
    return patterns


urls = (_patterns(), "api", "api")

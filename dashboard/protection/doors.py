"""The ways into a protected preview.

A visitor without a pass is sent to the dashboard (`lead`), which knows who is signed in and sends
him back with a one-time code; the preview's own host exchanges it for a pass (`enter`). Share
links and bypass tokens become a pass at once. All but `lead` is asked by nginx alone, at the
preview's host name.
"""

from typing import cast
from urllib.parse import parse_qsl, urlencode

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from dashboard.access import Role, requires
from deployments.config import config
from deployments.models import Bypass, Share
from deployments.models.share import digest_of

from . import passes
from .hosts import asked_label, asked_path, branch_of, safe_path, target
from .passes import Pass

BYPASS_ARGUMENT = "x-edaha-bypass"
_REFUSED = """This preview is protected: it is open to people who are signed in to Edaha.
In a browser, open {address} and sign in.
A test sends the repository's bypass token with each request: X-Edaha-Bypass: TOKEN
"""


@require_GET
@requires(Role.VIEWER, is_personal=True)
@never_cache
def lead(request: HttpRequest) -> HttpResponse:
    """At the dashboard: lead a member of the company on to a preview."""
    label, path = target(request.GET.get("to", ""))
    branch = branch_of(label) if label else None
    if branch is None or not passes.may_see(request.user, branch.repository):
        raise Http404
    code = passes.code_for(label, cast(User, request.user), path)
    address = f"{config().preview_url(label)}/_edaha/enter?code={code}"
    # A page and no redirect: it may follow upon the form of the sign-in, whose policy allows
    # no redirect to another host (form-action).
    context = {"address": address, "branch": branch, "host": config().preview_host(label)}
    response = render(request, "protection/lead.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response


@login_not_required
@require_GET
@never_cache
def refused(request: HttpRequest) -> HttpResponse:
    """What a visitor without a pass is told: the way to sign in, if it is a person who looks."""
    address = config().preview_url(asked_label(request)) + asked_path(request)
    if _is_a_person(request):
        way = config().base_url.rstrip("/") + reverse("enter_preview")
        return HttpResponseRedirect(f"{way}?{urlencode({'to': address})}")
    text = _REFUSED.format(address=address)
    response = HttpResponse(text, status=401, content_type="text/plain; charset=utf-8")
    response._has_been_logged = True  # type: ignore[attr-defined]  # nothing is wrong
    return response


@login_not_required
@require_GET
@never_cache
def enter(request: HttpRequest) -> HttpResponse:
    """A one-time code becomes a pass."""
    label = asked_label(request)
    entered = passes.redeem(request.headers.get("X-Edaha-Code", ""), label) if label else None
    if entered is None:
        return _closed(request, "code", 403)
    return _let_in(entered.given, safe_path(entered.path))


@login_not_required
@require_GET
@never_cache
def share(request: HttpRequest) -> HttpResponse:
    """A share link becomes a pass that ends with it."""
    label = asked_label(request)
    branch = branch_of(label) if label else None
    token = request.headers.get("X-Edaha-Share", "")
    found = Share.objects.filter(digest=digest_of(token), branch=branch).first()
    if branch is None or found is None or not found.is_open:
        return _closed(request, "share", 410)
    return _let_in(passes.for_share(label, found), "/")


@login_not_required
@require_GET
@never_cache
def bypass(request: HttpRequest) -> HttpResponse:
    """A test's token in the address becomes a pass, and leaves the address."""
    label = asked_label(request)
    branch = branch_of(label) if label else None
    path, _, query = asked_path(request).partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    token = dict(pairs).get(BYPASS_ARGUMENT, "")
    found = Bypass.find(branch.repository, token) if branch else None
    if found is None:
        return _closed(request, "bypass", 403)
    rest = urlencode([(name, value) for name, value in pairs if name != BYPASS_ARGUMENT])
    return _let_in(passes.for_bypass(label, found), f"{path}?{rest}" if rest else path)


def _is_a_person(request: HttpRequest) -> bool:
    """Whether the answer is going to be shown as a page of its own: not by a script, which cannot
    follow to another host, and not within a frame, where nobody may be asked to sign in."""
    headers = request.headers
    is_reading = headers.get("X-Edaha-Method") in ("GET", "HEAD")
    mode = headers.get("Sec-Fetch-Mode")
    if mode:
        return is_reading and mode == "navigate" and headers.get("Sec-Fetch-Dest") == "document"
    is_scripted = headers.get("X-Requested-With") == "XMLHttpRequest"
    return is_reading and not is_scripted and "text/html" in headers.get("Accept", "")


def _let_in(given: Pass, path: str) -> HttpResponse:
    response = HttpResponseRedirect(path)
    response.set_cookie(
        passes.cookie_name(),
        given.value,
        max_age=given.seconds,
        path="/",
        secure=config().preview_scheme == "https",
        httponly=True,
        samesite="Lax",
    )
    response["Referrer-Policy"] = "no-referrer"
    return response


def _closed(request: HttpRequest, door: str, status: int) -> HttpResponse:
    """Which way does not lead in, and which one may."""
    response = render(request, "protection/closed.html", {"door": door}, status=status)
    response["Content-Security-Policy"] = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    response["Referrer-Policy"] = "no-referrer"
    response._has_been_logged = True  # type: ignore[attr-defined]  # nothing is wrong
    return response

"""Sign-in by what a load balancer or a proxy in front says in headers. Off by default."""

import hmac
from collections.abc import Callable
from ipaddress import ip_address
from typing import cast

import structlog
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import login, logout
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from deployments.config import config
from deployments.signing_in import SigningIn

from . import alb
from .accounts import end_at, new_person
from .admission import Refusal, admit
from .identity import Known, key, texts, verified_email

log = structlog.get_logger(__name__)

BACKEND = "dashboard.accounts.Backend"
#: Where a session keeps whom a header named.
_NAMED = "signed_in_by_header"
#: Asked by machines, which nobody signs in.
_MACHINES = ("/healthz", "/readyz", "/router/", "/api/", "/static/")


class Stranger(Exception):
    """A header names somebody, and is not to be believed."""


class HeaderSignInMiddleware:
    """Signs in whom the header names, and out whom it names no longer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        settings = config()
        is_on = bool(settings.alb_signer or settings.trusted_user_header)
        if not is_on or request.path.startswith(_MACHINES):
            return self._get_response(request)
        try:
            self._sign_in(request, settings)
        except Stranger as problem:
            log.warning("header_not_believed", problem=str(problem))
            logout(request)
            return render(request, "registration/not_believed.html", status=403)
        except Refusal as refusal:
            logout(request)
            return render(request, "registration/refused.html", {"refusal": refusal}, status=403)
        return self._get_response(request)

    def _sign_in(self, request: HttpRequest, settings: SigningIn) -> None:
        named = named_by(request, settings)
        before = request.session.get(_NAMED)
        if named is None:
            if before:
                logout(request)
            return
        request.is_signed_in_by_header = True  # type: ignore[attr-defined]
        known, uid, name = named
        if before == uid and request.user.is_authenticated:
            return
        person = _person(known, uid, name)
        login(request, person, backend=BACKEND)
        request.session[_NAMED] = uid
        end_at(request)


def named_by(request: HttpRequest, settings: SigningIn) -> tuple[Known, str, str] | None:
    """What the provider vouches for, the person's key, and a name to call them by."""
    token = request.headers.get("X-Amzn-Oidc-Data")
    if settings.alb_signer and token:
        return _named_by_balancer(token, settings)
    if settings.trusted_user_header:
        return _named_by_proxy(request, settings)
    return None


def _named_by_balancer(token: str, settings: SigningIn) -> tuple[Known, str, str]:
    try:
        claims = alb.claims_of(token, settings)
    except alb.NotBelieved as problem:
        raise Stranger(str(problem)) from None
    groups = texts(claims.get(settings.alb_groups_claim))
    known = Known("alb", verified_email(claims), groups)
    name = claims.get("preferred_username") or claims.get("email") or claims["sub"]
    return known, key(claims["iss"], claims["sub"]), str(name)


def _named_by_proxy(request: HttpRequest, settings: SigningIn) -> tuple[Known, str, str] | None:
    name = request.headers.get(settings.trusted_user_header, "").strip()
    if not name:
        return None
    if not _is_trusted(request, settings):
        raise Stranger("The header of a proxy came from elsewhere.")
    groups = request.headers.get(settings.trusted_groups_header or "-", "")
    # The proxy is trusted to know people, and so to have verified their addresses.
    known = Known("proxy", [name], [part.strip() for part in groups.split(",") if part.strip()])
    return known, key(f"proxy:{settings.trusted_user_header.lower()}", name), name


def _is_trusted(request: HttpRequest, settings: SigningIn) -> bool:
    """Everything that is set must be so: the secret, and the address."""
    sent = request.headers.get("X-Edaha-Proxy-Secret", "")
    wanted = settings.trusted_proxy_secret
    if wanted and not hmac.compare_digest(sent.encode(), wanted.encode()):
        return False
    networks = settings.trusted_proxy_addresses
    if not networks:
        return bool(wanted)
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in network for network in networks)


def _person(known: Known, uid: str, name: str) -> User:
    """The person with that key, made where there is none yet; Refusal where there is no role."""
    person = _kept(known, uid)
    if person is None:
        admit(known, None)
        try:
            person = _made(known, uid, name)
        except IntegrityError:  # A browser asks for several things at once.
            person = _kept(known, uid)
    if person is None or not person.is_active:
        raise Refusal(known)
    admit(known, person)
    return person


def _kept(known: Known, uid: str) -> User | None:
    kept = SocialAccount.objects.filter(provider=known.source, uid=uid).first()
    return cast(User, kept.user) if kept else None


@transaction.atomic
def _made(known: Known, uid: str, name: str) -> User:
    person = new_person(name)
    SocialAccount.objects.create(
        user=person, provider=known.source, uid=uid, extra_data={"name": name}
    )
    return person

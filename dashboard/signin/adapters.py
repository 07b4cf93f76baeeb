"""Where allauth asks Edaha: who may have an account, as what, and for how long."""

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from deployments.adapters import githubteams
from deployments.config import config
from deployments.errors import PlatformError

from . import sealing
from .accounts import end_at
from .admission import Refusal, admit
from .identity import Known, texts, verified_email

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Local accounts are made by `manage user create`, and by nobody else."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _(
            "That name and password do not go together. Capitals and small letters matter."
        ),
        "too_many_login_attempts": _("Too many tries. Wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: User, **known: Any) -> Any:
        end_at(request)
        return super().post_login(request, user, **known)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Edaha sends none: there is no address that it has verified by itself."""

    def add_message(self, *arguments: Any, **known: Any) -> None:
        """The pages say what happened in Edaha's own words."""


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """GitHub and OpenID Connect."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Set the role that the provider's groups give, or send the person away."""
        # Everything else ends in a sign-in, whatever the address asked for.
        if sociallogin.state.get("process") in ("connect", "redirect"):
            return
        person = sociallogin.user if sociallogin.is_existing else None
        try:
            sociallogin.role = admit(_known(sociallogin), person)
        except PlatformError as problem:
            self.on_authentication_error(request, sociallogin.provider, exception=problem)
        except Refusal as refusal:
            log.info("sign_in_refused", source=refusal.known.source)
            page = render(request, "registration/refused.html", {"refusal": refusal}, status=403)
            raise ImmediateHttpResponse(page) from None

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        # Whoever maps to no role was sent away before.
        return getattr(sociallogin, "role", None) is not None

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        person = super().save_user(request, sociallogin, form)
        admit(_known(sociallogin), person)
        return person

    def on_authentication_error(self, request: HttpRequest, provider: Any, **known: Any) -> None:
        error, exception = known.get("error"), known.get("exception")
        log.warning("sign_in_failed", provider=str(provider.name), error=error, why=str(exception))
        page = render(request, "registration/failed.html", {"provider": provider}, status=403)
        raise ImmediateHttpResponse(page)


def _known(sociallogin: Any) -> Known:
    source = sociallogin.account.provider
    if source == "github":
        verified = [each.email for each in sociallogin.email_addresses if each.verified]
        wanted = any(group.startswith("github:") for group in config().role_mapping)
        groups = githubteams.groups_of(sociallogin.token.token) if wanted else []
        return Known(source, verified, groups)
    claims = sociallogin.claims
    provider = next(each for each in config().oidc_providers if each.id == source)
    return Known(source, verified_email(claims), texts(claims.get(provider.groups_claim)))


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Secrets of second factors are of no use to who reads the database alone."""

    def encrypt(self, text: str) -> str:
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.open_(encrypted_text)

    def get_totp_label(self, user: Any) -> str:
        name: str = user.get_username()
        return name

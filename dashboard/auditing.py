"""Who came in, for the audit log; what a wish changed of a preview is `deployments.audit`'s."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from deployments import audit
from deployments.audit import noted

__all__ = ["listen", "noted"]


def listen() -> None:
    """Note who signs in and out, in whatever way, and who tries to."""
    user_logged_in.connect(_signed_in, dispatch_uid="audit")
    user_logged_out.connect(_signed_out, dispatch_uid="audit")
    user_login_failed.connect(_refused, dispatch_uid="audit")


def _signed_in(user: AbstractBaseUser, **_: Any) -> None:
    audit.note("person.signed_in", user.get_username(), actor=user.get_username())


def _signed_out(user: AbstractBaseUser | None, **_: Any) -> None:
    if user is not None:
        audit.note("person.signed_out", user.get_username(), actor=user.get_username())


def _refused(credentials: dict[str, Any], **_: Any) -> None:
    tried = str(credentials.get("username") or credentials.get("email") or "").replace("\x00", "")
    audit.note("person.refused", tried, actor=tried or "somebody")

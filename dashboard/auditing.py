"""What people did, for the audit log: what a wish changed of a preview, and who came in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from deployments import audit
from deployments.models import Branch

_FIELDS = (
    "wanted",
    "state",
    "generation",
    "wanted_commit",
    "waiting_commit",
    "live_id",
    "pinned_by",
    "expires_at",
)


@contextmanager
def noted(action: str, branch: Branch, *, actor: str, reason: str = "") -> Iterator[None]:
    """Take down what somebody did to a preview inside; nothing where that is refused."""
    before = _values(branch)
    yield
    after = _values(branch)
    differing = [name for name in _FIELDS if before[name] != after[name]]
    audit.note(
        action,
        branch,
        actor=actor,
        reason=reason,
        before={name: before[name] for name in differing},
        after={name: after[name] for name in differing},
    )


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


def _values(branch: Branch) -> dict[str, Any]:
    found: dict[str, Any] = Branch.objects.values(*_FIELDS).get(pk=branch.pk)
    return found

"""Who somebody is to their identity provider, and as what they may come in."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from dashboard.access import Role
from deployments.config import config


def key(issuer: str, subject: str) -> str:
    """One person at one issuer; nothing else that a provider tells goes in."""
    return hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()


@dataclass(frozen=True)
class Known:
    """What an identity provider vouches for."""

    #: The id of a provider, `github`, `alb` or `proxy`.
    source: str
    #: E-mail addresses that the provider has verified.
    emails: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


def mapped_role(known: Known) -> Role | None:
    """The highest role that groups and e-mail domains give; None where none does."""
    settings = config()
    names = {settings.role_mapping.get(f"{known.source}:{group}") for group in known.groups}
    if any(_domain(email) in settings.allowed_email_domains for email in known.emails):
        names.add(settings.allowed_email_role)
    roles = [role for name in names if name and (role := Role.named(name))]
    return max(roles, default=None)


def _domain(email: str) -> str:
    return email.rpartition("@")[2].lower() if email.count("@") == 1 else ""


def texts(value: Any) -> list[str]:
    """A claim that is a list of texts, or one; anything else is nothing."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [each for each in value if isinstance(each, str)]
    return []


def verified_email(claims: dict[str, Any]) -> list[str]:
    """A claim's e-mail address, where the provider says that it is verified."""
    # Amazon Cognito writes its truth as text.
    verified, email = claims.get("email_verified"), claims.get("email")
    is_verified = verified is True or verified == "true"
    return [email] if is_verified and isinstance(email, str) else []

"""Webhook secrets, told apart by a short name that gives nothing of them away."""

import structlog
from django.utils.crypto import salted_hmac

from .config import config
from .models import GitHubApp, Repository
from .sealing import Unreadable

log = structlog.get_logger(__name__)


def key_id(secret: str) -> str:
    """The name of a secret: 16 characters that nobody can guess the secret from."""
    return salted_hmac("edaha.webhook", secret, algorithm="sha256").hexdigest()[:16]


def installation_secrets() -> list[str]:
    """What signs deliveries of every repository; empty ones are none at all."""
    known = config()
    given = (known.webhook_secret, known.webhook_secret_previous, _app_secret())
    return [secret for secret in given if secret]


def _app_secret() -> str:
    """The GitHub App's; none where no key opens it: what it signs is refused then."""
    app = GitHubApp.current()
    try:
        return app.webhook_secret() if app is not None else ""
    except Unreadable as problem:
        log.error("webhook_secret_unreadable", problem=problem.message)
        return ""


def key_ids_for(repository: Repository) -> set[str]:
    """The secrets that a delivery for `repository` may be signed with: its own, and the
    installation's, but not another repository's."""
    own = (repository.webhook_secret, repository.webhook_secret_previous)
    return {key_id(secret) for secret in (*own, *installation_secrets()) if secret}

"""Edaha and a GitHub App come together: by a manifest, which an administrator takes to GitHub."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from . import audit
from .adapters.github import hooks, permissions, setting_up, tokens
from .adapters.github.app import known_app
from .adapters.github.home import is_home_of
from .adapters.github.hooks import Attempt
from .adapters.github.setting_up import Installed
from .config import config
from .errors import EdahaError
from .models import GitHubApp, HookLook, Repository
from .secrets import installation_secrets

#: https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app
_NAME_MAX = 34


@dataclass(frozen=True)
class Seen:
    """What GitHub shows of the App now."""

    installed: list[Installed]
    #: The last thing that it tried to deliver.
    newest: Attempt | None
    #: Repositories of ours, at GitHub, that no installation reaches.
    unreached: list[Repository]


def manifest(callback: str, setup: str) -> dict[str, Any]:
    """What GitHub makes an App of: https://docs.github.com/en/apps/sharing-github-apps/
    registering-a-github-app-from-a-manifest#github-app-manifest-parameters"""
    base = config().base_url.rstrip("/")
    return {
        "name": f"Edaha {urlsplit(base).hostname or ''}".strip()[:_NAME_MAX],
        "url": base,
        "description": "A preview of every branch, told in its pull request.",
        "hook_attributes": {"url": f"{base}/webhooks/github", "active": True},
        "redirect_url": callback,
        "setup_url": setup,
        "setup_on_update": True,
        "public": False,
        "request_oauth_on_install": False,
        "default_permissions": dict(permissions.NEEDED),
        "default_events": list(permissions.EVENTS),
    }


def address(account: str) -> str:
    """Where GitHub takes the manifest: for an organisation, or the person who is signed in."""
    hub = config().github_url.rstrip("/")
    owner = f"/organizations/{account}" if account else ""
    return f"{hub}{owner}/settings/apps/new"


def is_reachable() -> bool:
    """Whether GitHub can send deliveries to where people open the dashboard, as far as its name
    tells."""
    host = urlsplit(config().base_url).hostname or ""
    return not (host in {"localhost", "127.0.0.1", "::1"} or host.endswith((".local", ".internal")))


def finish(code: str, *, actor: str) -> GitHubApp:
    """Fetch the App that was made, and keep it. Raises PlatformError."""
    made = setting_up.convert(code)
    with transaction.atomic():
        row = GitHubApp.keep(made, actor=actor)
        HookLook.objects.filter(hook=hooks.APP).delete()
        told = {"id": made.id, "owner": made.owner}
        audit.note("github.connect", str(row), actor=actor, after=told)
    tokens.forget()
    return row


def forget(app: GitHubApp, *, actor: str) -> None:
    """Work without it from now on. At GitHub it stays until somebody deletes it there."""
    with transaction.atomic():
        audit.note("github.forget", str(app), actor=actor, before={"id": app.app_id})
        app.delete()
    tokens.forget()


def look() -> Seen:
    """Ask GitHub; takes some seconds. Raises PlatformError."""
    installed = setting_up.installed()
    reached = {each.full_name.lower() for one in installed for each in one.repositories}
    ours = [row for row in Repository.objects.order_by("full_name") if is_home_of(row)]
    is_all = not any(one.is_cut or one.problem for one in installed)
    hook = hooks.app_hook()
    return Seen(
        installed,
        next(hook.attempts(None, most=1), None) if hook is not None else None,
        [row for row in ours if is_all and row.full_name.lower() not in reached],
    )


def hears_of(repository: Repository) -> bool:
    """Whether the App's webhook tells of the repository already, so that it needs none."""
    if not is_home_of(repository) or not installation_secrets():
        return False
    try:
        app = known_app()
        return app is not None and tokens.installation_of(app, repository.full_name) is not None
    except EdahaError:
        return False

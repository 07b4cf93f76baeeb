"""The GitHub App that Edaha acts as: by the settings, or as the guided set-up has stored it."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt

from ...config import config
from ...errors import PlatformError
from ...models import GitHubApp
from . import limits, wire

#: Seconds before now, for clocks that differ; and after it: GitHub takes 10 minutes at most.
#: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
_BEFORE, _AFTER = 60, 540


@dataclass(frozen=True)
class App:
    id: str
    private_key: str = field(repr=False)


def known_app() -> App | None:
    """None where there is none: then the token of the settings is used, if there is one."""
    settings = config()
    if settings.github_app_id:
        return App(settings.github_app_id, _key_of_the_settings())
    row = GitHubApp.current()
    return App(str(row.app_id), row.private_key()) if row is not None else None


def as_app(
    method: str,
    path: str,
    body: Any = None,
    *,
    params: dict[str, Any] | None = None,
    background: bool = False,
    app: App | None = None,
    is_paced: bool = True,
) -> httpx.Response:
    """Ask in the App's own name, which reaches the App and its installations alone.

    `path` is below the API's address. Raises as `request` does.
    """
    app = app or known_app()
    if app is None:
        raise PlatformError(
            "No GitHub App is set up.", hint="An administrator sets one up on the page “GitHub”."
        )
    caller = wire.Caller(limits.account(f"app {app.id}"), _signed(app))
    call = wire.Call(
        method,
        path,
        "the GitHub App",
        body,
        params,
        is_background=background,
        is_paced=is_paced,
    )
    return wire.send(caller, call)


def _signed(app: App) -> str:
    now = int(time.time())
    claims = {"iat": now - _BEFORE, "exp": now + _AFTER, "iss": app.id}
    try:
        return jwt.encode(claims, app.private_key, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        # Nothing of the key may be in the text, and the original's may have a part of it.
        raise PlatformError(
            "The private key of the GitHub App cannot be read.",
            hint="Give the whole PEM file that GitHub offered for download, an RSA key.",
        ) from None


def _key_of_the_settings() -> str:
    settings = config()
    if settings.github_app_private_key:
        # One line in an environment file, with \n for its ends.
        return settings.github_app_private_key.replace("\\n", "\n")
    path = settings.github_app_private_key_file
    try:
        return Path(path).read_text()
    except OSError as problem:
        raise PlatformError(
            f"The private key of the GitHub App cannot be read: {problem.strerror}.",
            hint=f"EDAHA_GITHUB_APP_PRIVATE_KEY_FILE names {path}.",
        ) from None

"""Who asks the fake of GitHub, and whether they may."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import jwt

from .. import rules
from ..permissions import NEEDED, lacking
from .state import Refused, State, Token, gone


@dataclass(frozen=True)
class Caller:
    #: app, installation, person or nobody.
    kind: str
    #: Whose requests are counted together.
    account: str
    token: Token | None = None


def caller(state: State, operation: rules.Operation, authorization: str) -> Caller:
    """Raises Refused, in the order in which GitHub does: for who it is, and for what is asked."""
    text = authorization.removeprefix("Bearer ")
    path = operation.name.partition(" ")[2]
    if path.startswith("/app-manifests/"):
        return Caller("nobody", "nobody")
    if path == "/app" or path.startswith("/app/") or path.endswith("/installation"):
        _check_jwt(state, text)
        return Caller("app", "app")
    if not text:
        return _anonymous(operation)
    if text == state.personal_token:
        if state.personal_permissions is not None:
            _check_permission(operation, state.personal_permissions, "personal access token")
        return Caller("person", "person")
    known = state.tokens.get(text)
    if known is None or known.ends_at <= datetime.now(UTC):
        raise Refused(401, "Bad credentials")
    _check_permission(operation, known.permissions, "integration")
    return Caller("installation", f"installation {known.installation}", known)


def check_repository(state: State, operation: rules.Operation, token: Token | None) -> None:
    """Raises Refused where it was renamed, is gone, or is not the token's."""
    if "repo" not in operation.values:
        return
    name = f"{operation.values['owner']}/{operation.values['repo']}"
    if name in state.hidden:
        raise gone()
    if name in state.moved:
        new = state.repository_id(state.moved[name])
        raise Refused(
            301, "Moved Permanently", Location=f"https://api.github.com/repositories/{new}"
        )
    if token is None:
        return
    found = state.installations.get(name)
    is_in = not token.repositories or operation.values["repo"] in token.repositories
    if found is None or found.id != token.installation or not is_in:
        raise gone()


def _anonymous(operation: rules.Operation) -> Caller:
    """Whoever has no name may read what is public."""
    if not operation.name.startswith("GET ") or operation.name == "GET /user":
        raise Refused(401, "Requires authentication")
    return Caller("nobody", "nobody")


def _check_permission(operation: rules.Operation, given: dict[str, str], whose: str) -> None:
    if lacking(operation.name, given):
        accepted = ",".join(f"{name}={level}" for name, level in NEEDED[operation.name].items())
        raise Refused(
            403,
            f"Resource not accessible by {whose}",
            **{"X-Accepted-GitHub-Permissions": accepted},
        )


def _check_jwt(state: State, text: str) -> None:
    # https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
    try:
        claims = jwt.decode(
            text, state.public_key, ["RS256"], options={"require": ["iat", "exp", "iss"]}
        )
    except (jwt.PyJWTError, ValueError):
        raise Refused(401, "A JSON web token could not be decoded") from None
    if str(claims["iss"]) != state.app_id:
        raise Refused(401, "'Issuer' claim ('iss') must be the App's id")
    if claims["exp"] > time.time() + 600:
        raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
    if claims["iat"] > time.time() - 59:
        raise Refused(401, "'Issued at' claim ('iat') must be in the past, for clocks that differ")

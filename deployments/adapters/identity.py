"""Tokens of GitHub's OpenID provider, by which a workflow says which repository it runs for.

What stands in one: https://docs.github.com/en/actions/reference/security/oidc. A workflow of a
pull request from a fork gets none.
"""

import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt

from ..config import config
from ..errors import PlatformError, UserError

_TIMEOUT = httpx.Timeout(10, connect=5)
#: GitHub signs with RSA; anything else, `none` above all, is somebody else's.
_ALGORITHMS = ("RS256",)
#: Whoever shows keys that do not exist makes nobody ask for them more often than this.
_ASKED_EVERY = 60.0
_KEPT_FOR = 3600.0
#: Clocks that differ by a little do no harm.
_LEEWAY_SECONDS = 30
#: The one vouches for workflows of the other alone; an Enterprise Server has an issuer of its own:
#: https://docs.github.com/en/enterprise-server/actions/reference/security/oidc
_PUBLIC, _PUBLICS = "github.com", "token.actions.githubusercontent.com"
_REQUIRED = ("iss", "aud", "exp", "iat", "sub", "repository", "repository_id", "ref")


@dataclass
class _Keys:
    by_id: dict[str, jwt.PyJWK] = field(default_factory=dict)
    asked_at: float = -_KEPT_FOR


_keys = _Keys()
_lock = threading.Lock()


@dataclass(frozen=True)
class Workflow:
    """A run of a workflow, as GitHub vouches for it."""

    repository: str
    #: GitHub's number of it: a name may be given up and taken by somebody else.
    repository_id: str
    ref: str
    actor: str


def looks_like_one(token: str) -> bool:
    """Whether it has the form of a signed token: three parts between dots."""
    return token.count(".") == 2


def workflow(token: str) -> Workflow:
    """Whose token it is. Raises UserError where it is not to be believed, PlatformError where
    GitHub's keys cannot be had."""
    _check_issuer()
    try:
        header = jwt.get_unverified_header(token)
        key = _key(str(header.get("kid", "")))
        if key is None:
            raise UserError("The token is signed with none of GitHub's keys.")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=_ALGORITHMS,
            issuer=config().github_oidc_issuer,
            audience=config().base_url.rstrip("/"),
            leeway=_LEEWAY_SECONDS,
            options={"require": list(_REQUIRED)},
        )
    except jwt.PyJWTError as problem:
        hint = f"Ask GitHub for a token with the audience {config().base_url.rstrip('/')}."
        raise UserError(f"The token is not valid: {problem}.", hint=hint) from None
    return Workflow(
        repository=str(claims["repository"]),
        repository_id=str(claims["repository_id"]),
        ref=str(claims["ref"]),
        actor=str(claims.get("actor", "")),
    )


def _check_issuer() -> None:
    """Whoever likes takes at github.com the names that an Enterprise Server's repositories have."""
    hub, issuer = (
        urlsplit(address).hostname for address in (config().github_url, config().github_oidc_issuer)
    )
    if issuer == _PUBLICS and hub != _PUBLIC:
        raise UserError(
            f"Workflows at github.com are not those of {hub}.",
            hint=f"Set EDAHA_GITHUB_OIDC_ISSUER to https://{hub}/_services/token.",
        )


def forget() -> None:
    """Ask for the keys again."""
    with _lock:
        _keys.by_id, _keys.asked_at = {}, -_KEPT_FOR


def _key(key_id: str) -> jwt.PyJWK | None:
    with _lock:
        age = time.monotonic() - _keys.asked_at
        if age > _KEPT_FOR or (key_id not in _keys.by_id and age > _ASKED_EVERY):
            _keys.asked_at = time.monotonic()
            _keys.by_id = _ask()
        return _keys.by_id.get(key_id)


def _ask() -> dict[str, jwt.PyJWK]:
    issuer = config().github_oidc_issuer
    try:
        with httpx.Client(timeout=_TIMEOUT) as client:
            found = client.get(f"{issuer}/.well-known/openid-configuration").raise_for_status()
            address = found.json()["jwks_uri"]
            told = client.get(address).raise_for_status().json()
        return {key.key_id: key for key in jwt.PyJWKSet.from_dict(told).keys if key.key_id}
    except (httpx.HTTPError, ValueError, KeyError, TypeError, jwt.PyJWTError) as problem:
        raise PlatformError(f"The keys of {issuer} cannot be had: {problem}", retry=True) from None

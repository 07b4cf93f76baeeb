"""The token of an AWS load balancer that signs people in (X-Amzn-Oidc-Data), verified.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
"""

import re
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from deployments.adapters import albkeys
from deployments.errors import PlatformError
from deployments.signing_in import SigningIn

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class NotBelieved(Exception):
    """The header does not come from the load balancer that is set, or is too old."""


def claims_of(token: str, settings: SigningIn) -> dict[str, Any]:
    """What the load balancer says of a person, or NotBelieved. `iss` and `sub` are there."""
    try:
        head = jwt.get_unverified_header(token)
        _check_head(head, settings)
        key = load_pem_public_key(albkeys.public_key(settings.alb_region, head["kid"]))
        if not isinstance(key, EllipticCurvePublicKey):
            raise NotBelieved("The key is not one for ES256.")
        # AWS's tokens have no audience: whom one is for is `client` and `signer` of the head.
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["ES256"],
            issuer=settings.alb_issuer,
            options={"require": ["exp", "iss", "sub"], "verify_aud": False},
        )
    except (jwt.PyJWTError, ValueError) as problem:
        raise NotBelieved(str(problem)) from None
    except PlatformError as problem:
        raise NotBelieved(problem.message) from None
    if not claims["sub"]:
        raise NotBelieved("The token does not say whose it is.")
    return claims


def _check_head(head: dict[str, Any], settings: SigningIn) -> None:
    """The head is signed as well; it is looked at first, so that nobody chooses what is asked."""
    wanted = {
        "alg": "ES256",
        "signer": settings.alb_signer,
        "iss": settings.alb_issuer,
        "client": settings.alb_client_id,
    }
    for name, value in wanted.items():
        if head.get(name) != value:
            raise NotBelieved(f"“{name}” of the token is not what is set.")
    kid, ends = head.get("kid"), head.get("exp")
    if not isinstance(kid, str) or not _UUID.fullmatch(kid):
        raise NotBelieved("The key's id is not a UUID.")
    if isinstance(ends, bool) or not isinstance(ends, int | float) or ends < time.time():
        raise NotBelieved("The token is too old.")

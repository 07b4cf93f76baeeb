"""The public keys with which AWS's load balancers sign what they say of people."""

from functools import lru_cache

import httpx

from ..errors import PlatformError

#: A key is about 180 bytes.
_MAX_BYTES = 4096


@lru_cache(maxsize=64)
def public_key(region: str, kid: str) -> bytes:
    """PEM. The caller has made sure that `kid` looks like a UUID. Failures are not kept.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
    """
    address = f"https://public-keys.auth.elb.{region}.amazonaws.com/{kid}"
    try:
        answer = httpx.get(address, timeout=3, follow_redirects=False).raise_for_status()
    except httpx.HTTPError as problem:
        raise PlatformError(f"The load balancer's key cannot be read: {problem}") from None
    return answer.content[:_MAX_BYTES]

"""Signatures of Standard Webhooks, so that a receiver knows who sends, and when.

While a secret is replaced, each message has a signature by the new one and one by the old one, so
that the receiver may change over whenever it likes.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256

from ..models.subscription import SECRET_PREFIX


def headers(secrets: Sequence[str], message_id: str, seconds: int, body: str) -> dict[str, str]:
    """The headers of one try, at this time since the epoch; the newest secret comes first."""
    signed = f"{message_id}.{seconds}.{body}".encode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = b64decode(secret.removeprefix(SECRET_PREFIX))
    return f"v1,{b64encode(hmac.new(key, signed, sha256).digest()).decode()}"

"""Signatures of Standard Webhooks, so that a receiver knows who sends, and when.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
from base64 import b64decode, b64encode
from hashlib import sha256

from ..models.subscription import SECRET_PREFIX


def headers(secret: str, message_id: str, seconds: int, body: str) -> dict[str, str]:
    """The headers of one try, at this time since the epoch."""
    key = b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{seconds}.{body}".encode()
    signature = b64encode(hmac.new(key, signed, sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{signature}",
    }

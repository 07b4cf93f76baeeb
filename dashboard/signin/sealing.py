"""Encrypts the secrets of second factors: by the keys of all other secrets at rest.

What was sealed before that was so has a key of its own, derived from EDAHA_SECRET_KEY.
"""

import base64
from contextlib import suppress
from functools import cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from deployments import sealing
from deployments.config import config


def seal(text: str) -> str:
    return sealing.seal(text)


def open_(sealed: str) -> str:
    """The text again; raises sealing.Unreadable where the key is gone."""
    with suppress(InvalidToken):
        return _box(config().secret_key).decrypt(sealed.encode()).decode()
    return sealing.unseal(sealed)


@cache
def _box(secret: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"edaha second factor").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))

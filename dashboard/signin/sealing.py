"""Encrypts the secrets of second factors by a key that comes from EDAHA_SECRET_KEY."""

import base64
from functools import cache

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from deployments.config import config


def seal(text: str) -> str:
    return _box(config().secret_key).encrypt(text.encode()).decode()


def open_(sealed: str) -> str:
    """The text again; raises InvalidToken where EDAHA_SECRET_KEY was changed."""
    return _box(config().secret_key).decrypt(sealed.encode()).decode()


@cache
def _box(secret: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"edaha second factor").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))

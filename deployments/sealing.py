"""What is encrypted at rest: sealed with the newest key, opened with whichever was used.

Keys come from EDAHA_SECRETS_KEYS, the newest first. Behind them stands one that is derived from
EDAHA_SECRET_KEY: it seals where there is no other, and opens what it has sealed before there was.
"""

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .config import config
from .errors import PlatformError

_PURPOSE = b"edaha secrets at rest, 1"


class Unreadable(PlatformError):
    """None of the keys opens it: it was sealed with a key that is gone."""


def seal(value: str) -> str:
    """Encrypt with the first key."""
    return _box().encrypt(value.encode()).decode()


def unseal(sealed: str) -> str:
    """The value. Raises Unreadable; the message has nothing of it."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise _unreadable() from None


def reseal(sealed: str) -> str:
    """The same value, encrypted with the first key. Raises Unreadable."""
    try:
        return _box().rotate(sealed.encode()).decode()
    except InvalidToken:
        raise _unreadable() from None


def _box() -> MultiFernet:
    known = config()
    return _made(tuple(known.secrets_keys), known.secret_key)


@lru_cache(maxsize=4)
def _made(keys: tuple[str, ...], secret_key: str) -> MultiFernet:
    derived = HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(secret_key.encode())
    return MultiFernet([Fernet(key) for key in (*keys, urlsafe_b64encode(derived).decode())])


def _unreadable() -> Unreadable:
    return Unreadable(
        "A stored secret was encrypted with a key that Edaha does not have any more.",
        hint="Put the key back into EDAHA_SECRETS_KEYS, behind the others, or set the secret anew.",
    )

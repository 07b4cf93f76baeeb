"""The secrets in force, ready to check a signature with."""

import asyncio
import hmac
from collections.abc import Iterable
from time import monotonic
from typing import NamedTuple

from django.db import connections

from deployments.models import Repository
from deployments.secrets import installation_secrets, key_id

#: A secret that was changed a moment ago works (or stops working) within this many seconds.
MAX_AGE = 1.0
#: Hashing more bytes than this would keep other requests waiting: a thread does it.
_INLINE_MAX = 1024 * 1024


class Key(NamedTuple):
    id: str
    #: HMAC-SHA256 with the secret in it and no message yet: to be copied.
    blank: hmac.HMAC


class Keyring:
    """Asks the database once a second at most, whatever comes in."""

    def __init__(self) -> None:
        self._keys: tuple[Key, ...] = ()
        self._loaded_at = float("-inf")
        self._loading: asyncio.Task[None] | None = None

    async def signer(self, body: bytes, signature: bytes) -> str:
        """The id of the key that made this signature; empty if none did."""
        if monotonic() - self._loaded_at > MAX_AGE:
            await self._refresh()
        if len(body) * len(self._keys) > _INLINE_MAX:
            return await asyncio.to_thread(matching_key, self._keys, body, signature)
        return matching_key(self._keys, body, signature)

    async def _refresh(self) -> None:
        # One task for everybody who waits, and nobody's going away ends it.
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
        await asyncio.shield(self._loading)

    async def _load(self) -> None:
        asked_at = monotonic()
        try:
            self._keys = await asyncio.to_thread(load_keys)
            self._loaded_at = asked_at
        finally:
            self._loading = None


def matching_key(keys: Iterable[Key], body: bytes, signature: bytes) -> str:
    """Every key is tried, in the same time, whether or not one before it matched."""
    found = ""
    for key in keys:
        mac = key.blank.copy()
        mac.update(body)
        if hmac.compare_digest(mac.hexdigest().encode(), signature):
            found = key.id
    return found


def load_keys() -> tuple[Key, ...]:
    """Every secret that is set, the installation's and the repositories'."""
    try:
        rows = Repository.objects.order_by("pk").values_list(
            "webhook_secret", "webhook_secret_previous"
        )
        secrets = dict.fromkeys([*installation_secrets(), *(each for row in rows for each in row)])
    finally:
        # This thread may never be seen again; its connection must not stay open.
        connections.close_all()
    return tuple(
        Key(key_id(secret), hmac.new(secret.encode(), digestmod="sha256"))
        for secret in secrets
        if secret
    )

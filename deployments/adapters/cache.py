"""Django's cache: Redis, so that limits hold across processes, and memory while Redis is away."""

import json
from collections.abc import Callable
from typing import Any

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis import RedisError

log = structlog.get_logger(__name__)


class Plain:
    """Values as JSON. Django's own serializer is pickle, which runs what it reads."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class Cache(RedisCache):
    """Without Redis each process counts for itself: limits are wider then, but they are there."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        # Nobody who signs in waits long for a Redis that does not answer.
        options = {"socket_connect_timeout": 1, "socket_timeout": 1, "serializer": Plain}
        super().__init__(server, {**params, "OPTIONS": options})
        self._memory = LocMemCache("edaha", params)

    def add(self, *args: Any, **known: Any) -> Any:
        return self._either(super().add, self._memory.add, *args, **known)

    def get(self, *args: Any, **known: Any) -> Any:
        return self._either(super().get, self._memory.get, *args, **known)

    def set(self, *args: Any, **known: Any) -> Any:
        return self._either(super().set, self._memory.set, *args, **known)

    def touch(self, *args: Any, **known: Any) -> Any:
        return self._either(super().touch, self._memory.touch, *args, **known)

    def delete(self, *args: Any, **known: Any) -> Any:
        return self._either(super().delete, self._memory.delete, *args, **known)

    def incr(self, *args: Any, **known: Any) -> Any:
        return self._either(super().incr, self._memory.incr, *args, **known)

    def clear(self) -> None:
        """Only this process's own part: Redis holds the workers' messages as well."""
        self._memory.clear()

    def _either(
        self, first: Callable[..., Any], second: Callable[..., Any], *args: Any, **known: Any
    ) -> Any:
        try:
            return first(*args, **known)
        except (RedisError, OSError) as problem:
            log.warning("cache_away", problem=str(problem))
            return second(*args, **known)

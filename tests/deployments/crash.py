"""A worker that dies at a chosen moment, and touches nothing afterwards."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from .cloud import Cloud


class Killed(BaseException):
    """Nothing that handles errors handles this."""


class Doom:
    """Counts a worker's calls to AWS and its writes; kills it at the `at`-th such moment."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.moments: list[str] = []
        self.is_dead = False
        self._lock = threading.Lock()

    def reach(self, what: str) -> None:
        """Right before `what`: all that came earlier is done, and an open transaction is lost."""
        with self._lock:
            self.moments.append(what)
            if self.is_dead or len(self.moments) - 1 == self.at:
                self.is_dead = True
                raise Killed(self.moments[-1])

    def write(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        verb, _, rest = sql.partition(" ")
        if verb in {"INSERT", "UPDATE", "DELETE"}:
            self.reach(f"{verb} {rest.split(chr(34))[1]}")
        return execute(sql, params, many, context)


@contextmanager
def doomed(cloud: Cloud, at: int | None = None) -> Iterator[Doom]:
    """Whoever works inside dies at moment `at`, or is only watched."""
    doom = Doom(at)
    cloud.witness = doom.reach
    try:
        with connection.execute_wrapper(doom.write):
            yield doom
    except Killed:
        pass
    finally:
        cloud.witness = lambda call: None

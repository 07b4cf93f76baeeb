"""Group commit: rows of concurrent requests are written by one statement.

One thread owns one connection. While it writes a batch, the next one gathers; so the busier it
gets, the fewer statements and commits a row costs.
"""

import asyncio
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import NamedTuple

import structlog
from django.db import DEFAULT_DB_ALIAS, Error, InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from .insert import Row, insert

log = structlog.get_logger(__name__)

_BATCH_ROWS = 500
_BATCH_BYTES = 32 * 1024 * 1024


class NotWritten(Exception):
    """The database is away. The row may still come to be: asking again is safe."""


class Entry(NamedTuple):
    row: Row
    #: Becomes True for a new row, False for a GUID that was there.
    answer: "asyncio.Future[bool]"


class DeliveryWriter:
    def __init__(self, on_commit: Callable[[int], None]) -> None:
        """`on_commit` is called in the writer's thread with the newest row's id."""
        self._on_commit = on_commit
        self._inbox: SimpleQueue[Entry | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def write(self, row: Row) -> bool:
        """Whether the row is new. When this returns, it is on disk."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="delivery-writer", daemon=True)
            self._thread.start()
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._inbox.put(Entry(row, answer))
        return await answer

    async def close(self) -> None:
        """Write what has gathered, and let the connection go."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._inbox.put(None)
            await asyncio.to_thread(thread.join)

    def _run(self) -> None:
        connection = connections.create_connection(DEFAULT_DB_ALIAS)
        try:
            while batch := self._gather():
                self._write(connection, batch)
        finally:
            connection.close()

    def _gather(self) -> list[Entry]:
        """Everything that waits, within a limit; nothing when it is time to end."""
        batch: list[Entry] = []
        size = 0
        entry = self._inbox.get()
        while entry is not None:
            batch.append(entry)
            size += len(entry.row.payload)
            if len(batch) == _BATCH_ROWS or size > _BATCH_BYTES:
                return batch
            try:
                entry = self._inbox.get_nowait()
            except Empty:
                return batch
        if batch:
            self._inbox.put(None)  # the end is for the next call, after this batch
        return batch

    def _write(self, connection: BaseDatabaseWrapper, batch: list[Entry]) -> None:
        try:
            ids = _insert_with_one_retry(connection, [entry.row for entry in batch])
            _tell(batch, set(ids))
            if ids:
                self._on_commit(max(ids.values()))
        except Exception as problem:  # whatever it is, the thread goes on and nobody is misled
            connection.close()
            is_ours = not isinstance(problem, Error)
            log.error("deliveries_not_written", problem=str(problem), exc_info=is_ours)
            _tell(batch, None)


def _insert_with_one_retry(connection: BaseDatabaseWrapper, rows: list[Row]) -> dict[str, int]:
    try:
        return insert(connection, rows)
    except (InterfaceError, OperationalError):
        # The server may have been restarted since the last batch. Writing twice is harmless.
        connection.close()
        return insert(connection, rows)


def _tell(batch: list[Entry], fresh: set[str] | None) -> None:
    loop = batch[0].answer.get_loop()
    try:
        loop.call_soon_threadsafe(_settle, batch, fresh)
    except RuntimeError:
        log.warning("nobody_waits_for_deliveries", rows=len(batch))


def _settle(batch: list[Entry], fresh: set[str] | None) -> None:
    """In the event loop: answer everybody. Of two equal GUIDs in a batch, the first is new."""
    for row, answer in batch:
        if answer.done():
            continue  # the request was given up
        if fresh is None:
            answer.set_exception(NotWritten())
        elif row.guid in fresh:
            fresh.discard(row.guid)
            answer.set_result(True)
        else:
            answer.set_result(False)

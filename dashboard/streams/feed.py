"""A feed reads one thing for everybody who watches it; a viewer is one open page."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import structlog
from django.db import DatabaseError

from .events import Event

log = structlog.get_logger(__name__)

#: A viewer who is this many events behind is let go: it comes back and catches up.
BACKLOG = 256
HEARTBEAT_SECONDS = 15.0

_CLOSED = Event.plain("closed")


class Viewer:
    """One open stream: a queue with an end."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(BACKLOG)
        self._is_closed = False

    def offer(self, event: Event | None) -> None:
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self._is_closed = True

    def close(self) -> None:
        self._is_closed = True
        self.offer(_CLOSED)

    async def events(self) -> AsyncIterator[Event | None]:
        """What happens from now on; None every now and then, so that it is never quiet for long."""
        # One timer for the whole stream, instead of a timeout for each frame.
        beat = asyncio.create_task(self._beat())
        try:
            while not self._is_closed:
                event = await self._queue.get()
                if not self._is_closed:
                    yield event
        finally:
            beat.cancel()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            if self._queue.empty():
                self.offer(None)


class Feed(ABC):
    """Wakes up by hints and by itself, reads once, and tells all its viewers."""

    #: Seconds after which it looks without having been told.
    interval = 2.0
    #: Seconds in which hints gather after a read, so that a flood of them costs few reads.
    pause = 0.005

    def __init__(self, call: Callable[..., Awaitable[Any]], *key: Any) -> None:
        self.key: Any = key[0] if key else 0
        self.call = call
        self.viewers: set[Viewer] = set()
        self._woken = asyncio.Event()
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(), name=f"feed-{type(self).__name__}-{key}")

    @abstractmethod
    def concerns(self, hint: dict[str, Any]) -> bool:
        """Whether a hint is about what this feed reads; may note what exactly changed."""

    @abstractmethod
    def start(self) -> None:
        """Find out where things stand. Runs in a database thread."""

    @abstractmethod
    def read(self) -> Iterable[Event]:
        """What is new since the last read. Runs in a database thread."""

    async def is_ready(self) -> None:
        """Return when the feed knows where things stand, so that nothing falls in between."""
        await asyncio.shield(self._ready)

    def hear(self, hint: dict[str, Any]) -> None:
        if self.concerns(hint):
            self._woken.set()

    def stop(self) -> asyncio.Task[None]:
        self._task.cancel()
        return self._task

    @property
    def is_over(self) -> bool:
        return self._task.done()

    async def _run(self) -> None:
        try:
            await self.call(self.start)
        except Exception as problem:
            # The viewer that waits for it gets the exception, and its browser comes back.
            self._ready.set_exception(problem)
            return
        self._ready.set_result(None)
        try:
            while True:
                await self._tell()
                await asyncio.sleep(self.pause)
                await self._wait()
        finally:
            for viewer in tuple(self.viewers):
                viewer.close()

    async def _tell(self) -> None:
        try:
            events = await self.call(self.read)
        except DatabaseError as problem:
            log.warning("feed_read_failed", feed=type(self).__name__, problem=str(problem))
            return
        for event in events:
            for viewer in tuple(self.viewers):
                viewer.offer(event)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self.interval):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

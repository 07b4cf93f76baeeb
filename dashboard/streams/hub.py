"""One Redis subscription and a few database threads for all the streams of a process."""

import asyncio
import json
import signal
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from types import FrameType
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import redis.asyncio
import structlog
from django.db import connections
from redis.exceptions import RedisError

from deployments.adapters import wakeups
from deployments.config import config

from .feed import Feed, Viewer

log = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Feed)

Hint = dict[str, Any]

#: Threads that read for the streams, each with its own connection to the database.
THREADS = 3
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 10.0


class Hub:
    """Opens a feed for the first who watches something, and closes it after the last."""

    def __init__(self) -> None:
        self._feeds: dict[tuple[type[Feed], tuple[Hashable, ...]], Feed] = {}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="streams")
        self._listener: asyncio.Task[None] | None = None
        self._is_closed = False
        self._is_released = False

    @asynccontextmanager
    async def watch(self, feed_class: type[F], *key: Hashable) -> AsyncIterator[tuple[F, Viewer]]:
        """The feed, once it knows where things stand, and a viewer that hears what follows."""
        feed = self._feed(feed_class, key)
        viewer = Viewer()
        if self._is_closed:
            viewer.close()
        feed.viewers.add(viewer)
        try:
            await feed.is_ready()
            yield feed, viewer
        finally:
            feed.viewers.discard(viewer)
            if not feed.viewers:
                feed.stop()
                if self._feeds.get((feed_class, key)) is feed:
                    del self._feeds[feed_class, key]

    async def call(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a read of the database in one of the streams' own threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: _reading(read, *args, **kwargs))

    def close(self) -> None:
        """End every stream: the server is about to stop."""
        self._is_closed = True
        for feed in self._feeds.values():
            for viewer in feed.viewers:
                viewer.close()

    async def shut_down(self) -> None:
        """Leave nothing behind: threads, connections, the subscription."""
        self.close()
        tasks = [feed.stop() for feed in self._feeds.values()]
        tasks += [self._listener] if self._listener else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self.release)

    def release(self) -> None:
        """Close the threads and their connections; needs no event loop any more."""
        if self._is_released:
            return
        self._is_released = True
        barrier = threading.Barrier(THREADS)
        for closing in [self._pool.submit(_close_connections, barrier) for _ in range(THREADS)]:
            closing.result()
        self._pool.shutdown()

    def _feed(self, feed_class: type[F], key: tuple[Hashable, ...]) -> F:
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen(), name="streams-listener")
        feed = self._feeds.get((feed_class, key))
        if not isinstance(feed, feed_class) or feed.is_over:
            feed = self._feeds[feed_class, key] = feed_class(self.call, *key)
        return feed

    def _hear(self, hint: Hint) -> None:
        feeds = tuple(self._feeds.values())
        if "access" in hint:
            # Somebody may see more now, or less: browsers come back at once, and are asked anew.
            for viewer in [viewer for feed in feeds for viewer in feed.viewers]:
                viewer.close()
        for feed in feeds:
            feed.hear(hint)

    async def _listen(self) -> None:
        wait = _FIRST_WAIT
        while True:
            try:
                async for hint in _hints():
                    wait = _FIRST_WAIT
                    self._hear(hint)
            except (RedisError, OSError) as problem:
                log.warning("hints_lost", problem=str(problem), retry_in=wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)


async def _hints() -> AsyncGenerator[Hint]:
    client = redis.asyncio.Redis.from_url(config().redis_url, health_check_interval=15)
    try:
        async with client.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(wakeups.channel())
            async for message in subscription.listen():
                with suppress(ValueError, RecursionError):
                    hint = json.loads(message["data"])
                    if isinstance(hint, dict):
                        yield hint
    finally:
        await client.aclose()


def _reading(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return read(*args, **kwargs)
    except Exception:
        # Whatever broke it, the next read of this thread begins with a fresh connection.
        connections.close_all()
        raise


def _close_connections(barrier: threading.Barrier) -> None:
    # Together, so that each thread of the pool takes one of these and none takes two.
    barrier.wait(5)
    connections.close_all()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop; a server has one."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
        _close_at_exit(loop, _hubs[loop])
    return _hubs[loop]


def _close_at_exit(loop: asyncio.AbstractEventLoop, hub: Hub) -> None:
    # uvicorn waits for open responses before it tells an application that it stops, so streams
    # would hold every restart for the whole grace period: listen to the signal as well.
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        if not callable(before):
            continue

        def handle(
            number: int,
            frame: FrameType | None,
            before: Callable[[int, FrameType | None], Any] = before,
        ) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(hub.close)
            before(number, frame)

        signal.signal(number, handle)

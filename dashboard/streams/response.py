"""Answers that go on after their view is over."""

from collections.abc import AsyncGenerator
from concurrent.futures import Executor
from contextlib import aclosing

from asgiref.sync import SyncToAsync
from django.db import close_old_connections
from django.http import StreamingHttpResponse


def streaming(
    parts: AsyncGenerator[bytes], content_type: str, headers: dict[str, str]
) -> StreamingHttpResponse:
    """Send `parts` as they come; they may come for hours."""
    # The stream outlives this thread's use of its connection by far.
    close_old_connections()
    return StreamingHttpResponse(_without_thread(parts), content_type=content_type, headers=headers)


def events(parts: AsyncGenerator[bytes]) -> StreamingHttpResponse:
    """Server-sent events."""
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return streaming(parts, "text/event-stream", headers)


async def _without_thread(parts: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    # asgiref keeps a thread for each request until its response has ended: a thousand viewers
    # would hold a thousand idle ones.
    context = SyncToAsync.thread_sensitive_context.get(None)
    executor = context and SyncToAsync.context_to_thread_executor.pop(context, None)
    if isinstance(executor, Executor):
        executor.shutdown(wait=False)
    async with aclosing(parts):
        async for part in parts:
            yield part

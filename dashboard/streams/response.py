"""Answers that go on after their view is over."""

from collections.abc import AsyncGenerator

from django.db import close_old_connections
from django.http import StreamingHttpResponse


def streaming(
    parts: AsyncGenerator[bytes], content_type: str, headers: dict[str, str]
) -> StreamingHttpResponse:
    """Send `parts` as they come; they may come for hours."""
    # The stream outlives this thread's use of its connection by far.
    close_old_connections()
    return StreamingHttpResponse(parts, content_type=content_type, headers=headers)


def events(parts: AsyncGenerator[bytes]) -> StreamingHttpResponse:
    """Server-sent events."""
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return streaming(parts, "text/event-stream", headers)

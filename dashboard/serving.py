"""Django behind ASGI, with all that one request does in one thread.

Django's own handler changes threads at every border between synchronous and asynchronous code,
some five times a request, and begins a thread for each: with the interpreter's lock, each change
waits for whoever calculates. Here a request is decided in one go by a thread of a pool; only
streams, which go on for hours, are sent by the event loop.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Any, cast

from asgiref.sync import sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

#: So many requests are decided at once, most of them waiting for the database; others queue.
THREADS = 8


class Handler(ASGIHandler):
    """What `get_asgi_application` gives, for synchronous views and middleware."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="requests")
        self._decide = sync_to_async(self.decide, thread_sensitive=False, executor=self.pool)
        self._end = sync_to_async(_close, thread_sensitive=False, executor=self.pool)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"Django answers HTTP, and no {scope['type']}.")
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        response = await self._decide(scope, body)
        if not response.streaming:
            await self.send_response(response, send)
            return
        try:
            await self._stream(response, receive, send)
        finally:
            await asyncio.shield(self._end(response))

    def decide(self, scope: Message, body: IO[bytes]) -> HttpResponseBase:
        """The response, closed already unless it is a stream."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        answer = self.get_response(request) if request is not None else refusal
        response = cast(HttpResponseBase, answer)
        # What request_finished is told.
        response._handler_class = self.__class__  # type: ignore[attr-defined]
        body.close()
        if not response.streaming:
            response.close()
        return response

    async def _stream(self, response: HttpResponseBase, receive: Receive, send: Send) -> None:
        """Send until it has ended, or nobody listens any more."""
        sending = asyncio.ensure_future(self.send_response(response, send))
        leaving = asyncio.ensure_future(receive())
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not sending.done():
                sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending


def _close(response: HttpResponseBase) -> None:
    response.close()

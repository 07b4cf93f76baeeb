"""How requests are taken in: one thread decides each, and nobody who left is served on."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from dashboard.serving import THREADS, Handler, Message

_seen: dict[str, Any] = {}


def named(request: HttpRequest) -> HttpResponse:
    body = request.body.decode()
    return HttpResponse(f"{request.method} {body} {threading.current_thread().name}")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a view's own mistake")


def endless(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_beats())


async def _beats() -> AsyncGenerator[bytes]:
    try:
        while True:
            yield b"beat"
            await asyncio.sleep(0.01)
    finally:
        _seen["ended"] = True


class Tracing:
    """A middleware that remembers where it ran."""

    def __init__(self, get_response: Any) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        _seen["thread"] = threading.current_thread().name
        response: HttpResponse = self._get_response(request)
        return response


urlpatterns = [path("named", named), path("broken", broken), path("endless", endless)]


@pytest.fixture
def handler() -> Iterator[Handler]:
    _seen.clear()
    middleware = [f"{__name__}.Tracing", "django.middleware.common.CommonMiddleware"]
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=middleware):
        handler = Handler()
        yield handler
        handler.pool.shutdown()


class Client:
    """One connection: its request, and what comes back."""

    def __init__(self, address: str, *parts: bytes) -> None:
        self.sent: list[Message] = []
        self.left = asyncio.Event()
        self._address = address
        self._parts = list(parts) or [b""]

    async def ask(self, handler: Handler) -> None:
        scope = {
            "type": "http",
            "method": "POST" if self._parts != [b""] else "GET",
            "path": self._address,
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
        }
        await handler(scope, self._receive, self._send)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent).decode()

    async def _receive(self) -> Message:
        if self._parts:
            part = self._parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self._parts)}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.sent.append(message)


async def test_middleware_and_view_run_in_one_thread(handler: Handler) -> None:
    client = Client("/named", b"a body in ", b"two parts")
    await client.ask(handler)
    assert client.status == 200
    assert client.body == f"POST a body in two parts {_seen['thread']}"
    assert _seen["thread"].startswith("requests")


async def test_an_error_is_answered(handler: Handler) -> None:
    client = Client("/broken")
    await client.ask(handler)
    assert client.status == 500


async def test_a_stream_ends_with_its_reader(handler: Handler) -> None:
    client = Client("/endless")
    asking = asyncio.ensure_future(client.ask(handler))
    while len(client.sent) < 3:
        await asyncio.sleep(0.01)
    assert "ended" not in _seen
    client.left.set()
    await asyncio.wait_for(asking, 5)
    assert _seen["ended"]


async def test_a_stream_that_the_server_stops_is_closed(handler: Handler) -> None:
    client = Client("/endless")
    asking = asyncio.ensure_future(client.ask(handler))
    while len(client.sent) < 3:
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert _seen["ended"]


async def test_readers_of_streams_hold_no_threads(handler: Handler) -> None:
    before = set(threading.enumerate())
    clients = [Client("/endless") for _ in range(10 * THREADS)]
    asking = [asyncio.ensure_future(client.ask(handler)) for client in clients]
    while not all(client.sent for client in clients):
        await asyncio.sleep(0.01)
    assert 0 < len(set(threading.enumerate()) - before) <= THREADS
    other = Client("/named")
    await asyncio.wait_for(other.ask(handler), 5)
    assert other.status == 200
    for client in clients:
        client.left.set()
    await asyncio.gather(*asking)

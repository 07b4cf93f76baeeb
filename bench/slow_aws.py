"""AWS as far away as it is: a proxy in front of the emulator that makes every call take its time.

It also keeps when each call began and ended.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn

from .network import free_port, wait_for_port

#: What a call takes from inside of a region, more or less.
ROUND_TRIP = 0.060
Send = Callable[..., Awaitable[None]]
_HOP = {b"host", b"connection", b"keep-alive", b"transfer-encoding", b"content-length"}


@dataclass(frozen=True)
class Call:
    name: str
    began: float
    ended: float


@dataclass
class SlowAWS:
    emulator: str
    calls: list[Call] = field(default_factory=list)

    async def __call__(
        self, scope: Any, receive: Any, send: Callable[..., Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            return
        began = time.time()
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        answer = await self._forward(scope, body)
        await asyncio.sleep(max(0.0, began + ROUND_TRIP - time.time()))
        headers = [(name, value) for name, value in answer.headers.raw if name.lower() not in _HOP]
        length = (b"content-length", b"%d" % len(answer.content))
        start = {"type": "http.response.start", "status": answer.status_code}
        self.calls.append(Call(_name(scope, body), began, time.time()))
        await send(start | {"headers": [*headers, length]})
        await send({"type": "http.response.body", "body": answer.content})

    async def _forward(self, scope: Any, body: bytes) -> httpx.Response:
        if not hasattr(self, "_client"):
            self._client = httpx.AsyncClient(base_url=self.emulator, timeout=60, trust_env=False)
        path = scope["raw_path"].decode()
        query = scope["query_string"].decode()
        # Compressed answers would have to be packed again.
        dropped = {*_HOP, b"accept-encoding"}
        headers = [(name, value) for name, value in scope["headers"] if name not in dropped]
        return await self._client.request(
            scope["method"],
            f"{path}?{query}" if query else path,
            content=body,
            headers=[*headers, (b"accept-encoding", b"identity")],
        )

    def between(self, began: float, ended: float) -> list[Call]:
        return [call for call in self.calls if began <= call.began and call.ended <= ended]


def _name(scope: Any, body: bytes) -> str:
    for name, value in scope["headers"]:
        if name == b"x-amz-target":
            return str(value.decode().rpartition(".")[2])
    for field_ in body.decode(errors="replace").split("&"):
        if field_.startswith("Action="):
            return field_.removeprefix("Action=")
    return str(scope["path"])


@contextmanager
def slow_aws(emulator: str) -> Iterator[tuple[str, SlowAWS]]:
    """Its URL, and what it saw."""
    seen, port = SlowAWS(emulator), free_port()
    settings = uvicorn.Config(
        seen, host="127.0.0.1", port=port, log_level="critical", access_log=False, lifespan="off"
    )
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, name="slow-aws", daemon=True)
    thread.start()
    wait_for_port(port)
    try:
        yield f"http://127.0.0.1:{port}", seen
    finally:
        server.should_exit = True
        thread.join(10)

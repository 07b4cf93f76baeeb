"""A receiver in this process, asked as an ASGI server asks it."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from pytest_django import Settings

from dashboard.webhooks import WebhookReceiver
from dashboard.webhooks.receiver import PATH
from deployments.adapters import wakeups
from tests import github

SECRET = "the installation's secret"

Result = TypeVar("Result")
Message = dict[str, Any]


@dataclass
class Answer:
    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Request:
    headers: dict[str, str]
    #: The pieces that the body comes in.
    body: list[bytes]
    method: str = "POST"
    path: str = PATH

    def without(self, header: str) -> "Request":
        del self.headers[header]
        return self

    def having(self, **headers: str) -> "Request":
        self.headers |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self


def signed(
    payload: bytes | dict[str, Any] | None = None,
    *,
    secret: str = SECRET,
    event: str = "push",
    guid: str = "",
) -> Request:
    """What GitHub would send."""
    if payload is None:
        payload = github.push("acme/shop", "feature", "a" * 40)
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Request(github.headers(event, body, secret, guid=guid), [body])


class Webhook:
    """Sends requests to a receiver and collects the answers."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self.receiver = WebhookReceiver(_behind)
        self.heard: list[Any] = []

    def post(self, request: Request) -> Answer:
        return self.run(self.ask(request))

    def post_together(self, requests: list[Request]) -> list[Answer]:
        async def together() -> list[Answer]:
            return await asyncio.gather(*map(self.ask, requests))

        return self.run(together())

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self._runner.run(work)

    async def ask(
        self, request: Request, receive: Callable[[], Coroutine[Any, Any, Message]] | None = None
    ) -> Answer:
        answer = Answer()
        pieces = list(request.body)

        async def body() -> Message:
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], dict(message["headers"])
            else:
                answer.body += message.get("body", b"")

        headers = [(name.lower().encode(), v.encode()) for name, v in request.headers.items()]
        scope = {"type": "http", "method": request.method, "path": request.path}
        await self.receiver(scope | {"headers": headers}, receive or body, send)  # type: ignore[arg-type]
        return answer

    def shut_down(self) -> list[str]:
        """Start and end the server, as uvicorn tells it; what the receiver says to that."""
        asked = iter(["lifespan.startup", "lifespan.shutdown"])
        said: list[str] = []

        async def receive() -> Message:
            return {"type": next(asked)}

        async def send(message: Message) -> None:
            said.append(message["type"])

        self.run(self.receiver({"type": "lifespan"}, receive, send))  # type: ignore[arg-type]
        return said

    def close(self) -> None:
        self.shut_down()
        self._runner.close()


async def _behind(scope: Any, receive: Any, send: Any) -> None:
    """The application behind the receiver."""
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


@pytest.fixture
def webhook(
    transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Webhook]:
    set_config(settings, webhook_secret=SECRET)
    webhook = Webhook()
    monkeypatch.setattr(wakeups, "wake", lambda *said: webhook.heard.append(said))
    monkeypatch.setattr(wakeups, "notify", lambda **said: webhook.heard.append(said))
    yield webhook
    webhook.close()


def set_config(settings: Settings, **changes: Any) -> None:
    settings.EDAHA = settings.EDAHA.model_copy(update=changes)

"""The ASGI layer in front of Django that takes GitHub's deliveries."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import structlog
from django.db import Error
from django.utils import timezone

from dashboard import limits
from deployments.config import config

from .announcer import Announcer
from .insert import Row
from .keyring import Keyring
from .request import Body, ClientGone, Headers, Message, Receive, Refused, payload_of, read_headers
from .writer import DeliveryWriter, NotWritten

log = structlog.get_logger(__name__)

Scope = Message
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Pairs = list[tuple[bytes, bytes]]

PATH = "/webhooks/github"
#: Seconds that the database gets. GitHub itself gives up after 10.
DEADLINE = 9.0

_JSON: Pairs = [(b"content-type", b"application/json")]
_PROBLEM: Pairs = [(b"content-type", b"application/problem+json")]


class WebhookReceiver:
    """Answers `POST /webhooks/github`; everything else goes on to `app`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._max_bytes = config().webhook_max_bytes
        self._keyring = Keyring()
        self._announcer = Announcer()
        self._writer = DeliveryWriter(on_commit=self._announcer.announce)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and scope["path"] == PATH:
            await self._answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, text = await self._take(scope, receive)
        except ClientGone:
            return
        except Refused as refusal:
            await _refuse(send, scope, await _limited(scope, refusal))
        else:
            await _send(send, status, text, _JSON)

    async def _take(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        if scope["method"] != "POST":
            raise Refused(405, "Deliveries come by POST.", "Use this address as a webhook's URL.")
        headers = read_headers(scope["headers"], self._max_bytes)
        if not headers.signature:
            raise _unsigned(headers)
        body = Body(self._max_bytes)
        try:
            is_new = await self._store(headers, await body.read(receive))
        finally:
            body.release()
        guid = headers.guid.encode()
        if is_new:
            return 202, b'{"delivery":"%b","status":"accepted"}' % guid
        return 200, b'{"delivery":"%b","status":"duplicate"}' % guid

    async def _store(self, headers: Headers, body: bytes) -> bool:
        """Whether the delivery is new. It is on disk when this returns."""
        try:
            async with asyncio.timeout(DEADLINE):
                key_id = await self._keyring.signer(body, headers.signature)
                if not key_id:
                    raise _unsigned(headers)
                payload = payload_of(body, is_form=headers.is_form)
                row = Row(headers.guid, headers.event, payload, key_id, timezone.now())
                return await self._writer.write(row)
        except (NotWritten, Error, TimeoutError) as problem:
            raise Refused(
                503,
                "The database does not answer.",
                "Redeliver it when Edaha is well again.",
                wait=30,
            ) from problem

    async def _live(self, receive: Receive, send: Send) -> None:
        """The server's start and end; Django itself takes no part in it."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._writer.close()
                await asyncio.to_thread(self._announcer.close)
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


async def _limited(scope: Scope, refusal: Refused) -> Refused:
    """What an address is told that has sent too many deliveries without a valid signature.

    Signed ones are taken whatever came before: nobody keeps GitHub out by knocking.
    """
    if refusal.status != 401:
        return refusal
    address = limits.address_in(scope.get("client"), scope["headers"])
    wait = await asyncio.to_thread(limits.wait_after_refusal, "webhook", address)
    if not wait:
        return refusal
    detail = "Too many deliveries without a valid signature came from this address."
    return Refused(429, detail, refusal.hint, wait=wait)


def _unsigned(headers: Headers) -> Refused:
    if not headers.signature:
        detail = "The header X-Hub-Signature-256 is missing or malformed."
    else:
        detail = "The signature fits none of the secrets that are set."
    return Refused(
        401,
        detail,
        "Give the webhook's settings on GitHub the same secret as `manage repository set "
        "OWNER/NAME --webhook-secret SECRET` or EDAHA_WEBHOOK_SECRET. Without a secret, "
        "nothing is accepted.",
    )


async def _refuse(send: Send, scope: Scope, refusal: Refused) -> None:
    log.warning("delivery_refused", status=refusal.status, detail=refusal.detail)
    problem: dict[str, Any] = {
        "status": refusal.status,
        "detail": refusal.detail,
        "hint": refusal.hint,
    }
    extra: Pairs = []
    if refusal.wait:
        extra = [(b"retry-after", b"%d" % refusal.wait)]
    elif refusal.status == 405:
        extra = [(b"allow", b"POST")]
    text = b"" if scope["method"] == "HEAD" else orjson.dumps(problem)
    await _send(send, refusal.status, text, _PROBLEM + extra)


async def _send(send: Send, status: int, text: bytes, headers: Pairs) -> None:
    length = (b"content-length", b"%d" % len(text))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": text})

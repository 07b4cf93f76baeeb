"""One request's headers, body and payload, checked as early and as cheaply as possible."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import orjson

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

#: GitHub sends a version 4 UUID; other GUIDs are taken too, with or without hyphens.
_GUID = re.compile(rb"[0-9A-Fa-f]{8}(-?)[0-9A-Fa-f]{4}(?:\1[0-9A-Fa-f]{4}){2}\1[0-9A-Fa-f]{12}")
_EVENT = re.compile(rb"[a-z][a-z0-9_]{0,63}")
_SIGNATURE = re.compile(rb"sha256=([0-9a-f]{64})")
_FORM = b"application/x-www-form-urlencoded"
_JSON = b"application/json"


class Refused(Exception):
    """The request is answered with an error: what is wrong, and what to do about it."""

    def __init__(self, status: int, detail: str, hint: str, *, wait: int = 0) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.hint = hint
        #: Seconds after which it may be tried again; 0 where that would change nothing.
        self.wait = wait


class ClientGone(Exception):
    """Nobody waits for an answer any more."""


class Headers(NamedTuple):
    guid: str
    event: str
    #: 64 hexadecimal digits; empty where the request has no signature of that form.
    signature: bytes
    is_form: bool


def read_headers(raw: Iterable[tuple[bytes, bytes]], max_bytes: int) -> Headers:
    """What the headers say, or Refused. ASGI servers give their names in lowercase."""
    headers = dict(raw)
    length = headers.get(b"content-length", b"")
    if length and (not length.isdigit() or len(length) > 15 or int(length) > max_bytes):
        raise too_large(max_bytes)
    guid = headers.get(b"x-github-delivery", b"")
    if not _GUID.fullmatch(guid):
        raise Refused(
            400,
            "The header X-GitHub-Delivery is missing or is not a GUID.",
            "Send what GitHub sends: one GUID for each delivery.",
        )
    event = headers.get(b"x-github-event", b"")
    if not _EVENT.fullmatch(event):
        raise Refused(
            400,
            "The header X-GitHub-Event is missing or is not an event's name.",
            "Send the name of the event, such as push.",
        )
    signature = _SIGNATURE.fullmatch(headers.get(b"x-hub-signature-256", b""))
    return Headers(
        guid.decode().lower(),
        event.decode(),
        signature[1] if signature else b"",
        _is_form(headers.get(b"content-type", _JSON)),
    )


def _is_form(content_type: bytes) -> bool:
    kind = content_type.partition(b";")[0].strip().lower()
    if kind not in (_JSON, _FORM):
        raise Refused(
            415,
            "The content type is neither application/json nor a form.",
            "Choose the content type application/json in the webhook's settings.",
        )
    return kind == _FORM


def too_large(max_bytes: int) -> Refused:
    return Refused(
        413,
        f"The delivery is larger than {max_bytes:,} bytes.",
        "GitHub itself sends no more than 25 MB; the limit is EDAHA_WEBHOOK_MAX_BYTES.",
    )


class Body:
    """A request's body as it comes in, held within a limit of its own and one for all."""

    #: Bytes that unanswered requests may hold together, in this process.
    HELD_MAX = 256 * 1024 * 1024
    held_by_all = 0
    #: Seconds it may take to come in. GitHub itself gives up after 10.
    DEADLINE = 15.0

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._size = 0

    async def read(self, receive: Receive) -> bytes:
        try:
            async with asyncio.timeout(self.DEADLINE):
                return await self._read(receive)
        except TimeoutError:
            raise Refused(
                408, "The body did not come in within time.", "Redeliver this one."
            ) from None

    async def _read(self, receive: Receive) -> bytes:
        first, more = await self._next(receive)
        if not more:
            return first
        chunks = [first]
        while more:
            chunk, more = await self._next(receive)
            chunks.append(chunk)
        return b"".join(chunks)

    async def _next(self, receive: Receive) -> tuple[bytes, bool]:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        self._size += len(chunk)
        Body.held_by_all += len(chunk)
        if self._size > self._max:
            raise too_large(self._max)
        if Body.held_by_all > Body.HELD_MAX:
            raise Refused(
                503, "Too many large deliveries at once.", "Redeliver this one later.", wait=30
            )
        return chunk, message.get("more_body", False)

    def release(self) -> None:
        """Call this once, when the request is answered."""
        Body.held_by_all -= self._size


def payload_of(body: bytes, *, is_form: bool) -> bytes:
    """The JSON text in a body, or Refused if it is not an object."""
    text = _form_field(body) if is_form else body
    try:
        payload = orjson.loads(text)
    except orjson.JSONDecodeError as problem:
        raise _malformed(f"The payload is not valid JSON: {problem}.") from None
    if not isinstance(payload, dict):
        raise _malformed("The payload is JSON, but not an object.")
    return text


def _form_field(body: bytes) -> bytes:
    try:
        fields = parse_qs(body.decode(), errors="strict", max_num_fields=10)
    except ValueError:
        fields = {}
    values = fields.get("payload", [])
    if len(values) != 1:
        raise _malformed("The form has no single field named payload.")
    return values[0].encode()


def _malformed(detail: str) -> Refused:
    return Refused(
        400, detail, "Send the payload as GitHub does, with the content type application/json."
    )

"""A small Slack in this process: it refuses what Slack's pages say that Slack refuses.

chat.postMessage, its errors: https://docs.slack.dev/reference/methods/chat.postMessage#errors
incoming webhooks, their errors:
https://docs.slack.dev/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks
one message a second in a channel, and Retry-After: https://docs.slack.dev/apis/web-api/rate-limits
blocks, their lengths: https://docs.slack.dev/reference/block-kit/blocks, as Slack's own package
(slack_sdk.models.blocks) checks them, and for what that leaves out by hand
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, SectionBlock

Message = dict[str, Any]
#: Status, headers and body.
Answer = tuple[int, dict[str, str], str]

TOKEN, HOOK = "xoxb-1-2", "https://hooks.slack.com/services/T0/B0/s3cr3t"  # nosec B105 (of the fake)
#: https://docs.slack.dev/reference/methods/chat.postMessage#truncating
_TEXT_MAX = 40_000
_BLOCKS_MAX, _CONTEXT_MAX, _MRKDWN_MAX = 50, 10, 3000
#: The only kinds that messages of Edaha have; others are not judged here.
_KINDS: dict[str, type[Block]] = {
    "header": HeaderBlock,
    "section": SectionBlock,
    "context": ContextBlock,
}
_MENTION = re.compile(r"<(?:!|@|#)")


@dataclass
class Channel:
    is_archived: bool = False
    has_bot: bool = True
    messages: list[Message] = field(default_factory=list)
    last_at: float = 0.0


@dataclass
class Slack:
    channels: dict[str, Channel] = field(default_factory=lambda: {"#previews": Channel()})
    #: What a token may do; one that is not here is not valid.
    tokens: dict[str, set[str]] = field(default_factory=lambda: {TOKEN: {"chat:write"}})
    revoked: set[str] = field(default_factory=set)
    #: Incoming webhooks, by their path, and where each writes.
    hooks: dict[str, str] = field(default_factory=lambda: {"/services/T0/B0/s3cr3t": "#previews"})
    #: What is answered next, whatever is asked.
    trouble: list[Answer] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def said(self, channel: str = "#previews") -> list[str]:
        return [str(each["text"]) for each in self.channels[channel].messages]

    def answer(self, path: str, headers: dict[str, str], body: str) -> Answer:
        self.asked.append(path)
        if self.trouble:
            return self.trouble.pop(0)
        if path == "/api/chat.postMessage":
            return self._api(headers, body)
        return self._hook(path, body)

    def _api(self, headers: dict[str, str], body: str) -> Answer:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        error = self._token_error(scheme, token) or _type_error(headers)
        if error:
            return _no(error)
        told = json.loads(body)
        channel = self.channels.get(str(told.get("channel")))
        if channel is None:
            return _no("channel_not_found")
        if channel.is_archived:
            return _no("is_archived")
        if not channel.has_bot:
            return _no("not_in_channel")
        if error := message_error(told):
            return _no(error)
        if not _is_its_turn(channel):
            return 429, {"Retry-After": "1"}, json.dumps({"ok": False, "error": "ratelimited"})
        channel.messages.append(told)
        return 200, {}, json.dumps({"ok": True, "channel": "C1", "ts": f"{time.time():.6f}"})

    def _token_error(self, scheme: str, token: str) -> str:
        if scheme != "Bearer" or not token:
            return "not_authed"
        if token in self.revoked:
            return "token_revoked"
        if token not in self.tokens:
            return "invalid_auth"
        return "" if "chat:write" in self.tokens[token] else "missing_scope"

    def _hook(self, path: str, body: str) -> Answer:
        name = self.hooks.get(path)
        if name is None:
            return 404, {}, "no_service"
        channel = self.channels.get(name)
        if channel is None:
            return 404, {}, "channel_not_found"
        if channel.is_archived:
            return 410, {}, "channel_is_archived"
        try:
            told = json.loads(body)
        except ValueError:
            return 400, {}, "invalid_payload"
        if error := message_error(told):
            return 400, {}, error
        if not _is_its_turn(channel):
            return 429, {"Retry-After": "1"}, "rate_limited"
        channel.messages.append(told)
        return 200, {}, "ok"


def message_error(told: Message) -> str:
    """What is wrong with a message, in Slack's word; empty where nothing is."""
    text = told.get("text")
    if not isinstance(text, str) or not text:
        return "no_text"
    if len(text) > _TEXT_MAX:
        return "msg_too_long"
    blocks = told.get("blocks")
    if not isinstance(blocks, list) or not 0 < len(blocks) <= _BLOCKS_MAX:
        return "invalid_blocks"
    return "" if all(_is_block(block) for block in blocks) else "invalid_blocks"


def mentions(told: Message) -> list[str]:
    """Everything in a message that Slack would make a mention of."""
    return _MENTION.findall(json.dumps(told, ensure_ascii=False))


def _is_block(block: Message) -> bool:
    kind = _KINDS.get(str(block.get("type")))
    if kind is None:
        return False
    parsed = Block.parse(block)
    if not isinstance(parsed, kind):
        return False
    try:
        parsed.validate_json()
    except SlackObjectFormationError:
        return False
    elements = block["elements"] if kind is ContextBlock else [block["text"]]
    return len(elements) <= _CONTEXT_MAX and all(
        isinstance(each["text"], str) and 0 < len(each["text"]) <= _MRKDWN_MAX for each in elements
    )


def _type_error(headers: dict[str, str]) -> str:
    kind = headers.get("content-type", "")
    return "" if kind.startswith("application/json") else "invalid_post_type"


def _is_its_turn(channel: Channel) -> bool:
    now = time.time()
    if now - channel.last_at < 1:
        return False
    channel.last_at = now
    return True


def _no(error: str) -> Answer:
    return 200, {}, json.dumps({"ok": False, "error": error})


@contextmanager
def served(slack: Slack) -> Iterator[str]:
    """Its address, while it answers there."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, text = slack.answer(self.path, headers, body)
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""Messages for Slack, within what Slack takes.

Escaping: https://docs.slack.dev/messaging/formatting-message-text#escaping
Lengths: https://docs.slack.dev/reference/block-kit/blocks/header-block (150) and
https://docs.slack.dev/reference/block-kit/composition-objects/text-object (3,000)
Where to: https://docs.slack.dev/reference/methods/chat.postMessage
"""

import json
from typing import Any

from ..reports.escaping import visible

HEADER_MAX, TEXT_MAX = 150, 3000
#: Of a failure's name, message and hint each, so that all of them find their place.
_PART_MAX = 900
_WRITE = "https://slack.com/api/chat.postMessage"
_TITLES = {
    "preview.ready": "✅ Ready",
    "preview.failed": "❌ Failed",
    "preview.recovered": "✅ Live again",
    "preview.expiring": "⏳ Ends soon",
    "preview.destroyed": "🗑️ Gone",
    "edaha.test": "👋 Edaha writes here",
}


def escaped(text: str) -> str:
    """Nothing in it is a link, a mention or a channel any more, or turns what follows around."""
    return visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def message(told: dict[str, Any]) -> dict[str, Any]:
    """Blocks, and the text that notifications show."""
    title = _TITLES.get(told["type"], told["type"])
    data = told["data"]
    if "branch" not in data:
        return {"text": title, "blocks": [_header(title)], **_QUIET}
    branch = data["branch"]
    heading = f"{title}: {branch['title']}"
    blocks = [_header(heading), _section(_link(told)), _context(data)]
    failure = (data.get("deployment") or {}).get("failure")
    if failure:
        blocks.insert(2, _section(_explained(failure, data["deployment"]["log_url"])))
    return {"text": _cut(escaped(heading), HEADER_MAX), "blocks": blocks, **_QUIET}


#: No pictures of what links lead to, and no names that become mentions.
_QUIET = {"unfurl_links": False, "unfurl_media": False}


def request(secret: str, channel: str, body: str) -> tuple[str, str, dict[str, str]]:
    """Where to, what, and the header that says who writes; by a URL or by a bot's token."""
    if secret.startswith("https://"):
        return secret, body, {}
    told = json.dumps(json.loads(body) | {"channel": channel}, ensure_ascii=False)
    return _WRITE, told, {"authorization": f"Bearer {secret}"}


def _link(told: dict[str, Any]) -> str:
    data, branch = told["data"], told["data"]["branch"]
    if told["type"] in {"preview.destroyed", "preview.failed"}:
        return f"<{branch['page_url']}|What happened> in {escaped(data['repository'])}"
    parts = [f"<{branch['url']}|{branch['url']}>"]
    if told["type"] == "preview.expiring":
        parts += [_plain(data["reason"]), f"<{branch['page_url']}|Keep it longer>"]
    return "\n".join(parts)


def _explained(failure: dict[str, Any], log_url: str) -> str:
    # The log's link comes first: what is cut off is the end.
    parts = [f"*{_plain(failure['what'])}* <{log_url}|Log>", _plain(failure["error"])]
    parts.append(_plain(failure["hint"]))
    return "\n".join(part for part in parts if part)


def _plain(text: str) -> str:
    return _cut(escaped(text), _PART_MAX)


def _context(data: dict[str, Any]) -> dict[str, Any]:
    branch, deployment = data["branch"], data.get("deployment")
    parts = [data["repository"], branch["name"], branch["author"]]
    if deployment:
        parts.append(deployment["commit"][:7])
    text = " · ".join(escaped(part[:200]) for part in parts if part)
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _header(text: str) -> dict[str, Any]:
    plain = {"type": "plain_text", "text": _cut(visible(text), HEADER_MAX), "emoji": False}
    return {"type": "header", "text": plain}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": _cut(text, TEXT_MAX), "verbatim": True}


def _cut(text: str, longest: int) -> str:
    """The escapes of a cut text stay whole."""
    if len(text) <= longest:
        return text
    kept = text[: longest - 1]
    start = kept.rfind("&", -5)
    return (kept[:start] if start >= 0 and ";" not in kept[start:] else kept) + "…"

"""GitHub's webhook payloads, reduced to what Edaha decides by. Pure.

Fields as in https://docs.github.com/en/webhooks/webhook-events-and-payloads.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

_HEADS = "refs/heads/"
_SKIP_MARKERS = ("[skip ci]", "[ci skip]", "[skip preview]", "[preview skip]")
_NAME_MAX = 255
SKIP_LABEL = "skip-preview"


class MalformedPayload(ValueError):
    """A payload lacks something that GitHub always sends."""


@dataclass(frozen=True)
class PullRequest:
    number: int
    title: str
    url: str
    author: str
    avatar_url: str
    is_open: bool
    is_draft: bool
    is_fork: bool
    labels: frozenset[str]
    updated_at: datetime


@dataclass(frozen=True)
class Event:
    """One delivery. `branch` is the raw branch name, empty when it is about no branch."""

    kind: str
    action: str = ""
    repository: str = ""
    branch: str = ""
    sender: str = ""
    is_deleted: bool = False
    skip_marker: str = ""
    pull_request: PullRequest | None = field(default=None)


def parse(kind: str, payload: bytes) -> Event:
    """Read a payload of event `kind` (the X-GitHub-Event header).

    Raises MalformedPayload with the missing field's name.
    """
    try:
        body = orjson.loads(payload)
        return _parse(kind, body)
    except orjson.JSONDecodeError as problem:
        raise MalformedPayload(f"not JSON: {problem}") from problem
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise MalformedPayload(f"{kind} without a proper {problem}") from problem


def _parse(kind: str, body: dict[str, Any]) -> Event:
    common: dict[str, Any] = {
        "kind": kind,
        "action": _text(body.get("action")),
        "repository": _text((body.get("repository") or {}).get("full_name")),
        "sender": _text((body.get("sender") or {}).get("login")),
    }
    if kind == "push":
        return _push(common, body)
    if kind in {"create", "delete"}:
        is_branch = body["ref_type"] == "branch"
        branch = _branch_name(body["ref"]) if is_branch else ""
        return Event(**common, branch=branch, is_deleted=kind == "delete")
    if kind == "pull_request":
        return _pull_request(common, body["pull_request"])
    return Event(**common)


def _push(common: dict[str, Any], body: dict[str, Any]) -> Event:
    ref = body["ref"]
    message = (body.get("head_commit") or {}).get("message") or ""
    return Event(
        **common,
        branch=_branch_name(ref.removeprefix(_HEADS)) if ref.startswith(_HEADS) else "",
        is_deleted=bool(body.get("deleted")),
        skip_marker=_skip_marker(message),
    )


def _pull_request(common: dict[str, Any], pull: dict[str, Any]) -> Event:
    head, base = pull["head"], pull["base"]
    author = pull.get("user") or {}
    return Event(
        **common,
        branch=_branch_name(head["ref"]),
        skip_marker=_skip_marker(pull["title"]),
        pull_request=PullRequest(
            number=int(pull["number"]),
            title=_text(pull["title"]),
            url=_text(pull.get("html_url")),
            author=_text(author.get("login")),
            avatar_url=_text(author.get("avatar_url")),
            is_open=pull["state"] == "open",
            is_draft=bool(pull.get("draft")),
            # A fork that was deleted leaves null: not ours either.
            is_fork=(head.get("repo") or {}).get("id") != base["repo"]["id"],
            labels=frozenset(label["name"] for label in pull.get("labels") or ()),
            updated_at=_time(pull["updated_at"]),
        ),
    )


def _branch_name(name: Any) -> str:
    """Only what the database and git can take: GitHub's own names are no longer than this."""
    if not isinstance(name, str) or not 0 < len(name) <= _NAME_MAX or "\x00" in name:
        raise ValueError("branch name")
    return name


def _text(value: Any) -> str:
    """PostgreSQL stores no NUL in a text."""
    return str(value or "").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if time.tzinfo is None:
        raise ValueError("time zone")
    return time


def _skip_marker(text: str) -> str:
    lowered = text.lower()
    return next((marker for marker in _SKIP_MARKERS if marker in lowered), "")

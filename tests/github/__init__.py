"""GitHub as a sender of webhooks: its own published examples, with our values put in."""

import copy
import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

Payload = dict[str, Any]
_REPOSITORY_ID = 186853002


@cache
def examples() -> dict[str, Payload]:
    """`event` or `event.action` → GitHub's example."""
    loaded: dict[str, Payload] = json.loads(
        (Path(__file__).parent / "examples.json").read_text("utf-8")
    )
    return loaded


def push(full_name: str, branch: str, commit: str, *, message: str = "Change") -> Payload:
    payload = _for_repository("push", full_name)
    payload |= {"ref": f"refs/heads/{branch}", "after": commit, "deleted": False}
    payload["head_commit"] = {"id": commit, "message": message}
    return payload


def delete(full_name: str, branch: str) -> Payload:
    return _for_repository("delete", full_name) | {"ref": branch, "ref_type": "branch"}


def create(full_name: str, branch: str) -> Payload:
    return _for_repository("create", full_name) | {"ref": branch, "ref_type": "branch"}


def ping() -> Payload:
    return copy.deepcopy(examples()["ping"])


def pull_request(
    action: str,
    full_name: str,
    branch: str,
    commit: str,
    *,
    number: int = 1,
    title: str = "A change",
    labels: tuple[str, ...] = (),
    draft: bool = False,
    fork: bool = False,
    updated_at: str = "",
    label: str = "",
) -> Payload:
    known = f"pull_request.{action}" in examples()
    payload = _for_repository(f"pull_request.{action if known else 'opened'}", full_name)
    payload |= {"action": action, "number": number}
    payload.pop("label", None)
    if label:
        payload["label"] = {"name": label}
    pull = payload["pull_request"]
    pull |= {
        "number": number,
        "title": title,
        "draft": draft,
        "labels": [{"id": place, "name": name} for place, name in enumerate(labels)],
        "updated_at": updated_at or datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }
    pull["head"] |= {"ref": branch, "sha": commit}
    pull["head"]["repo"] = {"id": _REPOSITORY_ID + int(fork), "full_name": full_name}
    pull["base"]["repo"] |= {"id": _REPOSITORY_ID, "full_name": full_name}
    return payload


def comment(
    full_name: str,
    number: int,
    body: str,
    *,
    comment_id: int = 1,
    author: str = "mona",
    action: str = "created",
    bot: bool = False,
    created_at: str = "",
    on_issue: bool = False,
) -> Payload:
    """A comment on a pull request, or on an issue."""
    payload = _for_repository("issue_comment.created", full_name)
    payload |= {"action": action, "sender": payload["sender"] | {"login": author}}
    payload["issue"] |= {"number": number, "state": "open"}
    payload["issue"].pop("pull_request", None)
    if not on_issue:
        payload["issue"]["pull_request"] = {"url": f"https://api.github.com/pulls/{number}"}
    payload["comment"] |= {
        "id": comment_id,
        "body": body,
        "created_at": created_at or datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "user": payload["comment"]["user"] | {"login": author, "type": "Bot" if bot else "User"},
    }
    return payload


def headers(event: str, body: bytes, secret: str, *, guid: str = "") -> dict[str, str]:
    """What GitHub sends along with a payload."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid or str(uuid.uuid4()),
        "X-Hub-Signature-256": f"sha256={signature}",
    }


def _for_repository(key: str, full_name: str) -> Payload:
    payload = copy.deepcopy(examples()[key])
    owner, _, name = full_name.partition("/")
    payload["repository"] |= {"id": _REPOSITORY_ID, "full_name": full_name, "name": name}
    payload["repository"]["owner"]["login"] = owner
    return payload

"""Webhooks as GitHub sends them: payloads, signature, delivery.

Shaped after the examples in GitHub's documentation, "Webhook events and payloads". The git
hook of the sample repository imports it under the system's Python: standard library only.
"""

import hashlib
import hmac
import json
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

Payload = dict[str, Any]
NOTHING = "0" * 40  # the commit before a branch's first and after its last
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Repository:
    """A repository on GitHub; `clone_url` may be any address that git can read."""

    full_name: str
    clone_url: str
    id: int = 1296269
    default_branch: str = "main"

    def payload(self) -> Payload:
        owner, name = self.full_name.split("/")
        page = f"https://github.com/{self.full_name}"
        return {
            "id": self.id,
            "node_id": f"R_{self.id}",
            "name": name,
            "full_name": self.full_name,
            "private": False,
            "owner": user(owner, kind="Organization"),
            "html_url": page,
            "description": None,
            "fork": False,
            "url": f"https://api.github.com/repos/{self.full_name}",
            "git_url": f"git://github.com/{self.full_name}.git",
            "ssh_url": f"git@github.com:{self.full_name}.git",
            "clone_url": self.clone_url,
            "default_branch": self.default_branch,
            "archived": False,
            "disabled": False,
        }


@dataclass(frozen=True)
class PullRequest:
    """A pull request; `head_repository` is None where the fork it came from was deleted."""

    repository: Repository
    number: int
    branch: str
    sha: str
    title: str
    author: str
    base_sha: str = NOTHING
    head_repository: Repository | None = None
    from_deleted_fork: bool = False
    author_association: str = "MEMBER"
    state: str = "open"
    draft: bool = False
    merged: bool = False
    labels: tuple[str, ...] = ()
    body: str | None = None

    @property
    def head(self) -> Repository | None:
        return None if self.from_deleted_fork else self.head_repository or self.repository

    def payload(self) -> Payload:
        name, number = self.repository.full_name, self.number
        now = timestamp()
        return {
            "url": f"https://api.github.com/repos/{name}/pulls/{number}",
            "id": 279147437 + number,
            "node_id": f"PR_{number}",
            "number": number,
            "html_url": f"https://github.com/{name}/pull/{number}",
            "state": self.state,
            "locked": False,
            "title": self.title,
            "body": self.body,
            "user": user(self.author),
            "created_at": now,
            "updated_at": now,
            "closed_at": now if self.state == "closed" else None,
            "merged_at": now if self.merged else None,
            "merge_commit_sha": None,
            "assignees": [],
            "requested_reviewers": [],
            "labels": list(map(label, self.labels)),
            "milestone": None,
            "draft": self.draft,
            "merged": self.merged,
            "mergeable": None,
            "head": _end(self.branch, self.sha, self.head),
            "base": _end(self.repository.default_branch, self.base_sha, self.repository),
            "author_association": self.author_association,
            "comments": 0,
            "commits": 1,
            "additions": 1,
            "deletions": 1,
            "changed_files": 1,
        }

    def changed(self, **changes: Any) -> "PullRequest":
        return replace(self, **changes)


def pull_request(action: str, subject: PullRequest, **more: Any) -> Payload:
    """`opened`, `synchronize`, `reopened`, `closed`, `edited`, `labeled` and so on."""
    return {
        "action": action,
        "number": subject.number,
        "pull_request": subject.payload(),
        "repository": subject.repository.payload(),
        "sender": user(subject.author),
        **more,
    }


def push(
    repository: Repository,
    branch: str,
    before: str,
    after: str,
    *,
    sender: str,
    forced: bool = False,
    commit: Payload | None = None,
) -> Payload:
    """A push; `before` is NOTHING for a new branch and `after` for a deleted one."""
    deleted = after == NOTHING
    compare = f"https://github.com/{repository.full_name}/compare/{before[:12]}...{after[:12]}"
    head = None if deleted else commit or commit_payload(after, "A change", sender)
    return {
        "ref": f"refs/heads/{branch}",
        "before": before,
        "after": after,
        "repository": repository.payload(),
        "pusher": {"name": sender, "email": f"{sender}@example.com"},
        "sender": user(sender),
        "created": before == NOTHING,
        "deleted": deleted,
        "forced": forced,
        "base_ref": None,
        "compare": compare,
        "commits": [head] if head else [],
        "head_commit": head,
    }


def commit_payload(sha: str, message: str, author: str) -> Payload:
    person = {"name": author, "email": f"{author}@example.com", "username": author}
    return {
        "id": sha,
        "tree_id": sha,
        "distinct": True,
        "message": message,
        "timestamp": timestamp(),
        "author": person,
        "committer": person,
        "added": [],
        "removed": [],
        "modified": [],
    }


def create(repository: Repository, branch: str, *, sender: str) -> Payload:
    return {
        "ref": branch,
        "ref_type": "branch",
        "master_branch": repository.default_branch,
        "description": None,
        "pusher_type": "user",
        "repository": repository.payload(),
        "sender": user(sender),
    }


def delete(repository: Repository, branch: str, *, sender: str) -> Payload:
    return {
        "ref": branch,
        "ref_type": "branch",
        "pusher_type": "user",
        "repository": repository.payload(),
        "sender": user(sender),
    }


def ping(repository: Repository) -> Payload:
    hook = {"type": "Repository", "id": 1, "name": "web", "active": True, "events": ["*"]}
    return {
        "zen": "Keep it logically awesome.",
        "hook_id": 1,
        "hook": hook,
        "repository": repository.payload(),
        "sender": user("octocat"),
    }


def user(login: str, kind: str = "User") -> Payload:
    number = int.from_bytes(hashlib.sha256(login.encode()).digest()[:3], "big")
    return {
        "login": login,
        "id": number,
        "node_id": f"U_{number}",
        "avatar_url": "https://avatars.githubusercontent.com/u/583231?v=4",  # the Octocat
        "html_url": f"https://github.com/{login}",
        "type": kind,
        "site_admin": False,
    }


def label(name: str) -> Payload:
    return {"id": len(name), "name": name, "color": "ededed", "default": False, "description": None}


def timestamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _end(ref: str, sha: str, repository: Repository | None) -> Payload:
    owner = repository.full_name.split("/")[0] if repository else "unknown repository"
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": user(owner),
        "repo": repository.payload() if repository else None,
    }


def request(
    url: str, event: str, payload: Payload, secret: str, delivery: str | None = None
) -> urllib.request.Request:
    """The POST that GitHub would send, signed over exactly the bytes of its body."""
    body = json.dumps(payload).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return urllib.request.Request(
        url,
        body,
        method="POST",
        headers={
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/0000000",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
            "X-GitHub-Hook-ID": "1",
            "X-Hub-Signature-256": f"sha256={signature}",
        },
    )


def deliver(
    url: str, event: str, payload: Payload, secret: str, delivery: str | None = None
) -> int:
    """Sends one webhook and returns the status of the answer; OSError when nobody answers."""
    try:
        with _DIRECT.open(request(url, event, payload, secret, delivery), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code

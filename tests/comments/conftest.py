"""A repository on GitHub, its pull request, and people who comment on it."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from django.utils import timezone

from deployments import deliveries, outbox
from deployments.adapters import git, github
from deployments.adapters.github import comments
from deployments.errors import PlatformError
from deployments.models import Branch, Delivery, Repository
from deployments.payloads import Event, found_pull_request
from deployments.secrets import key_id
from tests import github as examples
from tests.deployments.conftest import _nothing_remembered, ears

__all__ = ["_nothing_remembered", "ears"]

REAL_PUT = outbox.put
SHOP = "acme/shop"
OLD, NEW = "a" * 40, "b" * 40


@dataclass
class Said:
    """What Edaha was to tell GitHub about comments."""

    reactions: list[tuple[str, str]] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)

    def put(
        self, repository: Repository, kind: str, key: str, payload: dict[str, Any] | None = None
    ) -> None:
        told = payload or {}
        if kind == "reaction":
            self.reactions.append((key, told["content"]))
        elif kind == "reply":
            self.replies.append(told["body"])


@dataclass
class People:
    repository: Repository
    said: Said
    #: Login → GitHub's `permission`.
    permissions: dict[str, str] = field(default_factory=lambda: {"mona": "write"})
    heads: dict[str, str | None] = field(default_factory=lambda: {"feature": NEW})
    pull: dict[str, Any] = field(default_factory=dict)
    is_down: bool = False
    asked: list[str] = field(default_factory=list)
    comments: int = 0
    #: Number → the comment as GitHub has it.
    kept: dict[int, dict[str, Any]] = field(default_factory=dict)

    def open(self, **more: Any) -> None:
        self.pull = examples.pull_request("opened", SHOP, "feature", NEW, number=5, **more)[
            "pull_request"
        ]

    def branch(self) -> Branch:
        return Branch.objects.get(pull_request=5)

    def tell(self, event: str, payload: dict[str, Any]) -> Delivery:
        delivery = Delivery.objects.create(
            guid=str(uuid.uuid4()),
            event=event,
            payload=json.dumps(payload).encode(),
            received_at=timezone.now(),
            key_id=key_id("the shop's secret"),
        )
        deliveries.decide_pending()
        delivery.refresh_from_db()
        return delivery

    def opened(self, **more: Any) -> str:
        """GitHub tells of the pull request, as it does."""
        payload = examples.pull_request("opened", SHOP, "feature", NEW, number=5, **more)
        self.pull = payload["pull_request"]
        return self.tell("pull_request", payload).decision

    def write(self, body: str, **more: Any) -> str:
        """A comment on pull request #5; what was decided about it."""
        self.comments += 1
        more.setdefault("comment_id", self.comments)
        payload = examples.comment(SHOP, 5, body, **more)
        self.kept[more["comment_id"]] = payload["comment"] | {
            "issue_url": f"https://api.github.com/repos/{SHOP}/issues/5"
        }
        return self.tell("issue_comment", payload).decision

    def answer(self) -> str:
        """The reaction to the newest comment."""
        return self.said.reactions[-1][1]

    def request(
        self, repository: Repository, method: str, path: str, *_: Any, **__: Any
    ) -> httpx.Response:
        if self.is_down:
            raise PlatformError("GitHub answered 502.", retry=True)
        self.asked.append(f"{method} {path}")
        if path.startswith("/issues/comments/"):
            return self._comment(int(path.rpartition("/")[2]))
        login = path.removeprefix("/collaborators/").removesuffix("/permission")
        if login not in self.permissions:
            raise github.NotFound(f"GitHub knows no {login} here.")
        return httpx.Response(200, json={"permission": self.permissions[login]})

    def _comment(self, number: int) -> httpx.Response:
        if number not in self.kept:
            raise github.NotFound(f"GitHub shows no comment {number} here.")
        return httpx.Response(200, json=self.kept[number])

    def pull_request(self, repository: Repository, number: int) -> Event:
        return found_pull_request(SHOP, self.pull)


@pytest.fixture
def people(db: None, monkeypatch: pytest.MonkeyPatch) -> People:
    said = Said()
    repository = Repository.objects.create(
        full_name=SHOP,
        clone_url="https://github.com/acme/shop.git",
        webhook_secret="the shop's secret",
    )
    people = People(repository, said)
    people.open(updated_at=datetime(2026, 11, 23, tzinfo=UTC).isoformat())
    monkeypatch.setattr(outbox, "put", said.put)
    monkeypatch.setattr(github, "request", people.request)
    monkeypatch.setattr(comments, "request", people.request)
    monkeypatch.setattr(github, "pull_request", people.pull_request)
    monkeypatch.setattr(git, "read_head", lambda _, name: people.heads.get(name))
    monkeypatch.setattr(git, "read_pull_head", lambda *_: NEW)
    monkeypatch.setattr(git, "commit_message", lambda *_: "A change")
    return people

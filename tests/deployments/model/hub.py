"""GitHub as it really is: branches, commits, pull requests. And the news of it, undelivered."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deployments.errors import PlatformError
from deployments.models import Branch, Repository
from deployments.payloads import Event, found_pull_request
from sandbox import github

SHOP = github.Repository("acme/shop", "https://github.com/acme/shop.git")
_FILES = {"Dockerfile": b"FROM scratch\nEXPOSE 8000\n"}


@dataclass
class News:
    """A delivery that GitHub has made out, and that may or may not arrive."""

    event: str
    payload: bytes
    guid: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Hub:
    heads: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    #: Branch → its pull request: at most one is open at a time.
    pulls: dict[str, github.PullRequest] = field(default_factory=dict)
    #: Number → when it changed last, in GitHub's words.
    changed_at: dict[int, str] = field(default_factory=dict)
    news: list[News] = field(default_factory=list)
    delivered: list[News] = field(default_factory=list)

    def forget(self) -> None:
        """As good as a new one."""
        for known in (self.heads, self.messages, self.pulls, self.changed_at):
            known.clear()
        self.news.clear()
        self.delivered.clear()

    # What people do

    def push(self, branch: str, message: str, *, forced: bool = False) -> None:
        before = self.heads.get(branch, github.NOTHING)
        commit = f"{len(self.messages) + 1:040x}"
        self.heads[branch], self.messages[commit] = commit, message
        told = github.commit_payload(commit, message, "ada")
        self._tell(
            "push",
            github.push(SHOP, branch, before, commit, sender="ada", forced=forced, commit=told),
        )
        if before == github.NOTHING:
            self._tell("create", github.create(SHOP, branch, sender="ada"))
        if self.is_open(branch):
            self.change_pull("synchronize", branch)

    def delete(self, branch: str) -> None:
        before = self.heads.pop(branch)
        if self.is_open(branch):
            self.change_pull("closed", branch, state="closed")
        self._tell("push", github.push(SHOP, branch, before, github.NOTHING, sender="ada"))
        self._tell("delete", github.delete(SHOP, branch, sender="ada"))

    def open_pull(self, branch: str, *, draft: bool = False) -> None:
        number = len(self.changed_at) + 1
        self.pulls[branch] = github.PullRequest(
            SHOP, number, branch, self.heads[branch], f"Change {number}", "ada", draft=draft
        )
        self.change_pull("opened", branch)

    def change_pull(self, action: str, branch: str, **changes: Any) -> None:
        head = self.heads.get(branch, self.pulls[branch].sha)
        pull = self.pulls[branch] = self.pulls[branch].changed(sha=head, **changes)
        self.changed_at[pull.number] = github.timestamp()
        self._tell("pull_request", github.pull_request(action, pull))

    def is_open(self, branch: str) -> bool:
        return branch in self.pulls and self.pulls[branch].state == "open"

    def _tell(self, event: str, payload: github.Payload) -> None:
        self.news.append(News(event, json.dumps(payload).encode()))

    # What `adapters.github` and `adapters.git` say of it

    def open_pull_requests(self, repository: Repository) -> list[Event]:
        return [self._found(pull) for pull in self.pulls.values() if pull.state == "open"]

    def pull_request(self, repository: Repository, number: int) -> Event:
        known = [pull for pull in self.pulls.values() if pull.number == number]
        # An older one of its branch was closed before there was another.
        return self._found(known[0]) if known else self._closed(number)

    def _found(self, pull: github.PullRequest) -> Event:
        told = pull.payload() | {"updated_at": self.changed_at[pull.number]}
        return found_pull_request(SHOP.full_name, told)

    def _closed(self, number: int) -> Event:
        branch = next(iter(self.pulls))
        return self._found(self.pulls[branch].changed(number=number, state="closed"))

    def read_head(self, repository: Repository, branch_name: str) -> str | None:
        return self.heads.get(branch_name)

    def all_heads(self, repository: Repository) -> dict[str, str]:
        return dict(self.heads)

    def commit_message(self, repository: Repository, commit: str) -> str:
        return self.messages[commit]


class Mirror:
    """git on a worker's disk. `moment` is called where git would be."""

    def __init__(self, hub: Hub, moment: Callable[[], None]) -> None:
        self._hub, self._moment = hub, moment

    def fetch(self, repository: Repository, branch: Branch, commit: str) -> Path:
        self._moment()
        # GitHub gives every commit away that it has ever had, also of branches that are gone.
        if commit not in self._hub.messages:
            raise PlatformError(f"git fetch failed: {commit} is unknown", retry=True)
        return Path("/mirror")

    def commit_subject(self, repository: Repository, mirror: Path, commit: str) -> str:
        return self._hub.messages[commit]

    def checkout(self, repository: Repository, branch: Branch, commit: str) -> Path:
        self._moment()
        return Path("/worktree")

    def object_hash(self, repository: Repository, mirror: Path, commit: str, path: str) -> str:
        return commit

    def fetch_branch(self, repository: Repository, name: str) -> str | None:
        return None

    @contextmanager
    def worktree_held(self, *_: object) -> Iterator[None]:
        yield

    def nothing(self, *_: object) -> None:
        pass


class Files:
    """The same files in every commit."""

    def __init__(self, *_: object) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def read(self, path: str) -> bytes | None:
        return _FILES.get(path)

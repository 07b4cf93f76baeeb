"""git and GitHub as they are now, whatever deliveries told of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deployments import decisions
from deployments.adapters import git, github
from deployments.models import Branch, Repository
from deployments.payloads import Event, found_pull_request
from deployments.reconcile import refs
from deployments.reconcile.notebook import Notebook
from tests import github as examples

SHOP = "acme/shop"
OLD, NEW = "a" * 40, "b" * 40


@dataclass
class Hub:
    repository: Repository
    notebook: Notebook
    heads: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    #: Number → pull request, open or closed.
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    #: What the list leaves out, since it changed while its pages were read.
    unlisted: set[int] = field(default_factory=set)
    is_github: bool = True
    time: int = 0
    asked_for: list[str] = field(default_factory=list)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> "Hub":
        monkeypatch.setattr(git, "heads", lambda _: dict(self.heads))
        monkeypatch.setattr(git, "read_head", self._read_head)
        monkeypatch.setattr(git, "read_pull_head", self._read_pull_head)
        monkeypatch.setattr(git, "commit_message", self._message)
        monkeypatch.setattr(github, "is_home_of", lambda _: self.is_github)
        monkeypatch.setattr(github, "open_pull_requests", self._open)
        monkeypatch.setattr(github, "pull_request", self._one)
        return self

    def pull(self, number: int = 1, name: str = "feature", **more: Any) -> None:
        """Open a pull request, or change it; each change is a second later than the last."""
        self.time += 1
        at = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=self.time)
        is_open = more.pop("is_open", True)
        payload = examples.pull_request(
            "opened", SHOP, name, NEW, number=number, updated_at=at.isoformat(), **more
        )
        self.pulls[number] = payload["pull_request"] | {"state": "open" if is_open else "closed"}

    def event(self, action: str, number: int = 1) -> Event:
        """What the delivery of a pull request's last change would be."""
        told = found_pull_request(SHOP, self.pulls[number])
        return Event(**{**vars(told), "action": action, "is_found": False})

    def tell(self, action: str, number: int = 1) -> str:
        return decisions.decide(self.repository, self.event(action, number)).text

    def push(self, name: str = "feature", **more: Any) -> str:
        event = Event("push", repository=SHOP, branch=name, commit=self.heads[name], **more)
        return decisions.decide(self.repository, event).text

    def compare(self) -> list[str]:
        """One look; what was done about it."""
        before = len(self.notebook._findings)
        self.asked_for.clear()
        refs.compare(Repository.objects.get(pk=self.repository.pk), self.notebook)
        return [each["done"] for each in self.notebook._findings[before:]]

    def branch(self, name: str = "feature") -> Branch:
        return Branch.objects.get(name=name)

    def policy(self, policy: Repository.Policy, *patterns: str) -> None:
        self.repository.policy, self.repository.patterns = policy, list(patterns)
        self.repository.save()

    def _read_head(self, _: Repository, name: str) -> str | None:
        self.asked_for.append(f"head of {name}")
        return self.heads.get(name)

    def _read_pull_head(self, _: Repository, number: int) -> str:
        self.asked_for.append(f"head of #{number}")
        return str(self.pulls[number]["head"]["sha"])

    def _message(self, _: Repository, commit: str) -> str:
        self.asked_for.append(f"message of {commit[:7]}")
        return self.messages.get(commit, "Change")

    def _open(self, _: Repository) -> list[Event]:
        return [
            found_pull_request(SHOP, pull)
            for number, pull in self.pulls.items()
            if pull["state"] == "open" and number not in self.unlisted
        ]

    def _one(self, _: Repository, number: int) -> Event:
        self.asked_for.append(f"pull request {number}")
        return found_pull_request(SHOP, self.pulls[number])

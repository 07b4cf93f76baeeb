"""What people do in repositories, by a seeded plan; each deed gives the events of GitHub."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox import github

from .origin import NOTHING, Origin

Event = tuple[str, dict[str, Any]]
#: Names of policies; the models are not loaded yet when these are needed.
PULL_REQUESTS, ALL = "pull_requests", "all"
#: None is what anybody would choose, and each is what git accepts.
_NAMES = ["feature/cart", "feature/x", "feature-x", "fix/$(id)", "feature/機能", "Fix/UPPER", "hot"]


@dataclass
class Pull:
    number: int
    #: GitHub's updated_at: each event of a pull request is later than the one before.
    updated_at: datetime
    is_open: bool = True


@dataclass
class Project:
    """A repository, with its branches and pull requests."""

    full_name: str
    policy: str
    origin: Origin
    number: int
    pulls: dict[str, Pull] = field(default_factory=dict)
    #: Branches that somebody clicked at, and whose previews somebody destroyed for good.
    clicked: set[str] = field(default_factory=set)
    destroyed: set[str] = field(default_factory=set)

    @property
    def github(self) -> github.Repository:
        return github.Repository(self.full_name, str(self.origin.path), id=self.number)

    def wanted(self) -> dict[str, str]:
        """The model: branch → the commit that has to be live."""
        heads = self.origin.heads()
        return {
            name: commit
            for name, commit in heads.items()
            if name not in self.destroyed and self._is_wanted(name)
        }

    def _is_wanted(self, name: str) -> bool:
        if self.policy == PULL_REQUESTS:
            return name in self.pulls and self.pulls[name].is_open
        return self.policy == ALL or name.startswith("feature/")


class Workload:
    def __init__(self, projects: list[Project], seed: int) -> None:
        self.projects = projects
        self._random = random.Random(seed)
        self._texts = iter(range(10**9))

    def deed(self) -> tuple[Project, list[Event]]:
        """Something happens in one of the repositories."""
        project = self._random.choice(self.projects)
        heads = project.origin.heads()
        names = [name for name in heads if name != "main"]
        free = [name for name in self._names() if name not in heads]
        kinds = {"push": 40, "force": 8, "create": 14 if free else 0, "delete": 8 if names else 0}
        if project.policy == PULL_REQUESTS:
            kinds |= {"close": 8, "reopen": 10}
        kind = self._random.choices([*kinds], [*kinds.values()])[0]
        if kind in {"close", "reopen"}:
            return project, [*self._toggle(project, heads, is_open=kind == "reopen")]
        chosen = {"create": free, "delete": names}.get(kind, [*heads])
        name = self._random.choice(chosen)
        if kind == "delete":
            return project, [*self._delete(project, name, heads[name])]
        return project, [*self.push(project, name, heads, is_forced=kind == "force")]

    def push(
        self, project: Project, name: str, heads: dict[str, str], *, is_forced: bool = False
    ) -> Iterator[Event]:
        """A new commit on a branch, which may be new as well."""
        before = heads.get(name, NOTHING)
        parent = None if is_forced or before == NOTHING else before
        # A fifth changes nothing that is built.
        text = str(next(self._texts)) if self._random.random() < 0.8 else "the same"
        after = project.origin.commit(name, text, parent=parent)
        if before == NOTHING:
            yield "create", github.create(project.github, name, sender="mika")
        yield "push", github.push(project.github, name, before, after, sender="mika")
        if project.policy != PULL_REQUESTS or name == "main":
            return
        pull = project.pulls.get(name)
        if pull is None:
            pull = project.pulls[name] = Pull(len(project.pulls) + 1, datetime.now(UTC))
            yield self._pull_request(project, name, "opened", after)
        elif pull.is_open:
            yield self._pull_request(project, name, "synchronize", after)

    def restate(self, project: Project, name: str) -> Iterator[Event]:
        """How it is now, told anew: a click and a late delivery may have made anything of it."""
        heads = project.origin.heads()
        pull = project.pulls.get(name)
        if name not in heads:
            yield "delete", github.delete(project.github, name, sender="mika")
        elif pull and not pull.is_open:
            yield self._pull_request(project, name, "closed", heads[name])
        else:
            yield from self.push(project, name, heads)

    def _delete(self, project: Project, name: str, head: str) -> Iterator[Event]:
        project.origin.delete(name)
        pull = project.pulls.get(name)
        if pull and pull.is_open:
            pull.is_open = False
            yield self._pull_request(project, name, "closed", head)
        yield "push", github.push(project.github, name, head, NOTHING, sender="mika")
        yield "delete", github.delete(project.github, name, sender="mika")

    def _toggle(self, project: Project, heads: dict[str, str], *, is_open: bool) -> Iterator[Event]:
        meant = [
            name
            for name, pull in project.pulls.items()
            if name in heads and pull.is_open is not is_open
        ]
        if not meant:
            return
        name = self._random.choice(meant)
        project.pulls[name].is_open = is_open
        action = "reopened" if is_open else "closed"
        yield self._pull_request(project, name, action, heads[name])

    def _pull_request(self, project: Project, name: str, action: str, head: str) -> Event:
        pull = project.pulls[name]
        pull.updated_at = max(pull.updated_at + timedelta(seconds=1), datetime.now(UTC))
        subject = github.PullRequest(
            project.github,
            pull.number,
            name,
            head,
            f"Change {name}",
            "mika",
            state="open" if pull.is_open else "closed",
        )
        payload = github.pull_request(action, subject)
        payload["pull_request"]["updated_at"] = pull.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return "pull_request", payload

    def _names(self) -> list[str]:
        return [*_NAMES, *(f"feature/{number}" for number in range(8))]

"""What the fake of GitHub knows."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .. import rules

Thing = dict[str, Any]
_R = "/repos/{owner}/{repo}"


class Refused(Exception):
    """An answer that is none of the good ones, with GitHub's error body."""

    def __init__(self, status: int, message: str, *errors: Thing, **headers: str) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers
        self.body: Thing = {"message": message, "documentation_url": "https://docs.github.com/rest"}
        if errors:
            self.body["errors"] = list(errors)


@dataclass
class Installation:
    id: int
    permissions: dict[str, str]
    suspended_at: str | None = None


@dataclass
class Token:
    permissions: dict[str, str]
    ends_at: datetime
    installation: int
    #: Names without their owner; empty for all of the installation's.
    repositories: tuple[str, ...] = ()


@dataclass
class State:
    app_id: str = "4711"
    #: PEM; what the App's JWTs are checked with.
    public_key: str = ""
    personal_token: str = ""
    #: Of a fine-grained one; None for one that may do what its owner may.
    personal_permissions: dict[str, str] | None = None
    login: str = "edaha-bot"
    #: OWNER/NAME → where the App is installed.
    installations: dict[str, Installation] = field(default_factory=dict)
    #: OWNER/NAME → what it has instead of GitHub's example.
    repositories: dict[str, Thing] = field(default_factory=dict)
    #: OWNER/NAME → its new name: asked by the old one, GitHub leads there.
    moved: dict[str, str] = field(default_factory=dict)
    #: Deleted, or not to be seen.
    hidden: set[str] = field(default_factory=set)
    tokens: dict[str, Token] = field(default_factory=dict)
    pulls: dict[int, Thing] = field(default_factory=dict)
    #: Pull request → the paths that it changes.
    files: dict[int, list[str]] = field(default_factory=dict)
    #: Branch → commit.
    branches: dict[str, str] = field(default_factory=dict)
    #: Commits that there are; None for any.
    commits: set[str] | None = None
    #: Commits that cannot be merged with the main line.
    conflicting: set[str] = field(default_factory=set)
    has_issues: bool = True
    locked: set[int] = field(default_factory=set)
    comments: dict[int, Thing] = field(default_factory=dict)
    reactions: dict[tuple[int, str], Thing] = field(default_factory=dict)
    deployments: dict[int, Thing] = field(default_factory=dict)
    #: By deployment, oldest first.
    statuses: dict[int, list[Thing]] = field(default_factory=dict)
    checks: dict[int, Thing] = field(default_factory=dict)
    #: By commit, oldest first.
    commit_statuses: dict[str, list[Thing]] = field(default_factory=dict)
    environments: set[str] = field(default_factory=set)
    #: Login → admin, write, read or none.
    collaborators: dict[str, str] = field(default_factory=dict)
    #: Organisation → active or pending, of whoever the token is of.
    memberships: dict[str, str] = field(default_factory=dict)
    #: Organisation and team.
    teams: list[tuple[str, str]] = field(default_factory=list)
    #: The webhooks of repositories.
    hooks: dict[int, Thing] = field(default_factory=dict)
    #: Webhook → its deliveries; the App's is 0.
    deliveries: dict[int, list[Thing]] = field(default_factory=dict)
    #: Webhook and delivery.
    redelivered: list[tuple[int, int]] = field(default_factory=list)
    #: Code → what else the App has that is made by it.
    manifest_codes: dict[str, Thing] = field(default_factory=dict)
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1000))

    def add_pull(
        self, number: int, branch: str = "feature/x", commit: str = "a" * 40, **more: Any
    ) -> Thing:
        """Open, unless `state` says something else; as the list of pull requests has it."""
        row = rules.example(f"GET {_R}/pulls", 200)
        row |= {"number": number, "state": "open", "requested_teams": [], "labels": []}
        row["draft"] = False
        row["head"] |= {"ref": branch, "sha": commit, "label": f"acme:{branch}"}
        self.pulls[number] = row | more
        return self.pulls[number]

    def add_comment(
        self, body: str, login: str, number: int = 5, repository: str = "acme/shop"
    ) -> int:
        """By a person; its id."""
        row = rules.example(f"POST {_R}/issues/{{issue_number}}/comments", 201)
        row |= {"id": next(self.ids), "body": body, "performed_via_github_app": None}
        row |= {"created_at": now(), "updated_at": now()}
        row["issue_url"] = f"https://api.github.com/repos/{repository}/issues/{number}"
        row["user"] |= {"login": login, "type": "User"}
        self.comments[row["id"]] = row
        return int(row["id"])

    def state_of(self, deployment: int) -> str:
        """What was told of it last; “pending” is what GitHub begins with."""
        told = self.statuses.get(deployment)
        return str(told[-1]["state"]) if told else "pending"

    def repository_id(self, name: str) -> int:
        return 1296269 + sorted({*self.installations, *self.repositories, name}).index(name)

    def check_commit(self, ref: str) -> None:
        if self.commits is not None and ref not in {*self.commits, *self.branches}:
            raise Refused(422, f"No commit found for SHA: {ref}")


@dataclass
class Asked:
    operation: rules.Operation
    query: dict[str, str]
    body: Any
    #: app, installation, person or nobody.
    by: str
    #: Of an installation's token.
    token: Token | None = None

    def number(self, name: str) -> int:
        return int(self.operation.values[name])

    @property
    def repository(self) -> str:
        return f"{self.operation.values['owner']}/{self.operation.values['repo']}"


Act = Callable[[State, Asked], tuple[int, Any]]
ACTS: dict[str, Act] = {}


def does(name: str) -> Callable[[Act], Act]:
    def keep(act: Act) -> Act:
        ACTS[name] = act
        return act

    return keep


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def gone() -> Refused:
    return Refused(404, "Not Found")


def kept(rows: dict[int, Thing], number: int) -> Thing:
    if number not in rows:
        raise gone()
    return rows[number]


def invalid(resource: str, name: str, code: str = "invalid") -> Refused:
    error = {"resource": resource, "field": name, "code": code}
    return Refused(422, "Validation Failed", error)

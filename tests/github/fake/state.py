"""What the fake of GitHub knows, and what its operations do to it."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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


@dataclass
class Token:
    permissions: dict[str, str]
    ends_at: datetime


@dataclass
class State:
    app_id: str
    #: PEM; what the App's JWTs are checked with.
    public_key: str = ""
    personal_token: str = ""
    login: str = "edaha-bot"
    #: OWNER/NAME → where the App is installed.
    installations: dict[str, Installation] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    pulls: dict[int, Thing] = field(default_factory=dict)
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
    hook_deliveries: list[Thing] = field(default_factory=list)
    manifest_codes: set[str] = field(default_factory=set)
    redelivered: list[int] = field(default_factory=list)
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1000))


@dataclass
class Asked:
    operation: rules.Operation
    query: dict[str, str]
    body: Any
    #: app, installation or person.
    by: str

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


def _kept(rows: dict[int, Thing], number: int) -> Thing:
    if number not in rows:
        raise gone()
    return rows[number]


@does("POST /app/installations/{installation_id}/access_tokens")
def make_token(state: State, asked: Asked) -> tuple[int, Any]:
    # https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
    number = asked.number("installation_id")
    found = next((each for each in state.installations.values() if each.id == number), None)
    if found is None:
        raise gone()
    wanted = (asked.body or {}).get("permissions") or found.permissions
    order = ["", "read", "write", "admin"]
    for name, level in wanted.items():
        if order.index(level) > order.index(found.permissions.get(name, "")):
            raise Refused(422, "The permissions requested are not granted to this installation.")
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    text = f"ghs_fake{next(state.ids)}"
    state.tokens[text] = Token(dict(wanted), ends_at)
    ends = ends_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return 201, {"token": text, "expires_at": ends, "permissions": wanted}


@does(f"GET {_R}/installation")
def installation(state: State, asked: Asked) -> tuple[int, Any]:
    found = state.installations.get(asked.repository)
    if found is None:
        raise gone()
    body = rules.example(f"GET {_R}/installation", 200)
    return 200, body | {"id": found.id, "permissions": found.permissions, "suspended_at": None}


@does("GET /user")
def user(state: State, asked: Asked) -> tuple[int, Any]:
    return 200, rules.example("GET /user", 200) | {"login": state.login}


@does(f"GET {_R}/issues/{{issue_number}}/comments")
def comments(state: State, asked: Asked) -> tuple[int, Any]:
    _kept(state.pulls, asked.number("issue_number"))
    ending = f"/issues/{asked.number('issue_number')}"
    return 200, [row for row in state.comments.values() if row["issue_url"].endswith(ending)]


@does(f"POST {_R}/issues/{{issue_number}}/comments")
def make_comment(state: State, asked: Asked) -> tuple[int, Any]:
    number = asked.number("issue_number")
    _kept(state.pulls, number)
    row = rules.example(asked.operation.name, 201)
    row |= {"id": next(state.ids), "body": _text(asked.body["body"])}
    row |= {"created_at": now(), "updated_at": now(), "performed_via_github_app": None}
    row["issue_url"] = f"https://api.github.com/repos/{asked.repository}/issues/{number}"
    row["user"] |= {"login": state.login, "type": "User"}
    if asked.by == "installation":
        row["user"] |= {"login": "edaha[bot]", "type": "Bot"}
        app = rules.example("GET /app", 200)
        row["performed_via_github_app"] = app | {"id": int(state.app_id)}
    state.comments[row["id"]] = row
    return 201, row


@does(f"GET {_R}/issues/comments/{{comment_id}}")
def comment(state: State, asked: Asked) -> tuple[int, Any]:
    return 200, _kept(state.comments, asked.number("comment_id"))


@does(f"PATCH {_R}/issues/comments/{{comment_id}}")
def edit_comment(state: State, asked: Asked) -> tuple[int, Any]:
    row = _kept(state.comments, asked.number("comment_id"))
    row |= {"body": _text(asked.body["body"]), "updated_at": now()}
    return 200, row


@does(f"DELETE {_R}/issues/comments/{{comment_id}}")
def delete_comment(state: State, asked: Asked) -> tuple[int, Any]:
    _kept(state.comments, asked.number("comment_id"))
    del state.comments[asked.number("comment_id")]
    return 204, None


@does(f"POST {_R}/issues/comments/{{comment_id}}/reactions")
def react(state: State, asked: Asked) -> tuple[int, Any]:
    # https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment
    key = (asked.number("comment_id"), asked.body["content"])
    _kept(state.comments, key[0])
    if key in state.reactions:
        return 200, state.reactions[key]
    row = rules.example(asked.operation.name, 201)
    state.reactions[key] = row | {"id": next(state.ids), "content": key[1]}
    return 201, state.reactions[key]


def _text(body: str) -> str:
    # GitHub's own error: "Body is too long (maximum is 65536 characters)".
    if not body.strip():
        raise _invalid("IssueComment", "body", "missing_field")
    if len(body) > 65536:
        raise Refused(422, "Validation Failed", {"message": "body is too long"})
    return body


def _invalid(resource: str, name: str, code: str = "invalid") -> Refused:
    error = {"resource": resource, "field": name, "code": code}
    return Refused(422, "Validation Failed", error)


@does(f"GET {_R}/pulls")
def pulls(state: State, asked: Asked) -> tuple[int, Any]:
    wanted = asked.query.get("state", "open")
    return 200, [row for row in state.pulls.values() if wanted in {"all", row["state"]}]


@does(f"GET {_R}/pulls/{{pull_number}}")
def pull(state: State, asked: Asked) -> tuple[int, Any]:
    row = _kept(state.pulls, asked.number("pull_number"))
    return 200, rules.example(asked.operation.name, 200) | row


@does(f"GET {_R}/collaborators/{{username}}/permission")
def permission(state: State, asked: Asked) -> tuple[int, Any]:
    login = asked.operation.values["username"]
    if login not in state.collaborators:
        raise gone()
    level = state.collaborators[login]
    body = rules.example(asked.operation.name, 200)
    return 200, body | {"permission": level, "role_name": level}

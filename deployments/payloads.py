"""GitHub's webhook payloads, reduced to what Edaha decides by. Pure.

Fields as in https://docs.github.com/en/webhooks/webhook-events-and-payloads.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from .names import pull_request_branch

_HEADS = "refs/heads/"
_SKIP_MARKERS = ("[skip ci]", "[ci skip]", "[skip preview]", "[preview skip]")
_NAME_MAX = 255
_COMMIT_MAX = 64
#: What both databases hold in the column.
_NUMBER_MAX = 2**31 - 1
#: GitHub takes no longer comment.
_COMMENT_MAX = 65_536
_ID_MAX = 2**63 - 1


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
    #: OWNER/NAME of where the head is; empty where that repository is gone.
    head_repository: str = ""
    head_branch: str = ""
    head_commit: str = ""
    #: What GitHub says the author is to the repository.
    author_association: str = ""
    #: What it is to be merged into.
    base_branch: str = ""
    #: Whether GitHub calls the author's account a bot's.
    is_bot: bool = False

    def has_label(self, name: str) -> bool:
        """GitHub tells labels apart whatever their case. No name is no label."""
        return bool(name) and name.casefold() in {label.casefold() for label in self.labels}


@dataclass(frozen=True)
class Comment:
    """A comment on a pull request."""

    number: int
    pull_request: int
    author: str
    body: str
    #: Whether a person wrote it, as far as GitHub knows.
    is_by_bot: bool
    #: None where it is not told.
    created_at: datetime | None = None


@dataclass(frozen=True)
class Event:
    """What happened: one delivery, or what the reconciler saw that no delivery had told of.

    `branch` is the raw branch name, empty when it is about no branch; a pull request from a fork
    has a name of its own there (`names.pull_request_branch`).
    """

    kind: str
    action: str = ""
    repository: str = ""
    branch: str = ""
    sender: str = ""
    is_deleted: bool = False
    #: What a push made the branch's head; empty where the event does not tell.
    commit: str = ""
    skip_marker: str = ""
    pull_request: PullRequest | None = field(default=None)
    #: The label that was set or taken away.
    label: str = ""
    #: Whether the pull request is to be merged into another branch than before.
    has_new_base: bool = False
    comment: Comment | None = None
    #: Nobody told of it.
    is_found: bool = False

    @property
    def is_about_commit(self) -> bool:
        """Whether it is news of a commit alone, and not of a pull request that came or changed."""
        return self.pull_request is None or self.action == "synchronize"


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


def found_pull_request(repository: str, pull: dict[str, Any]) -> Event:
    """A pull request as GitHub's REST API tells it, in the shape that deliveries have.

    https://docs.github.com/en/rest/pulls/pulls#list-pull-requests. Its action is for the caller
    to say. Raises MalformedPayload with the missing field's name.
    """
    try:
        return _of_pull_request(
            {"kind": "pull_request", "repository": repository, "is_found": True}, pull
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise MalformedPayload(f"pull request without a proper {problem}") from problem


def found_comment(told: dict[str, Any]) -> Comment:
    """A comment as GitHub's REST API tells it; it does not tell whether of an issue or a pull
    request, which share their numbers.

    https://docs.github.com/en/rest/issues/comments#get-an-issue-comment. Raises MalformedPayload.
    """
    try:
        return _read_comment(told, told["issue_url"].rpartition("/")[2])
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise MalformedPayload(f"comment without a proper {problem}") from problem


def skip_marker(text: str) -> str:
    """What a commit's message or a title says for the preview to be left out; empty if nothing."""
    lowered = text.lower()
    return next((marker for marker in _SKIP_MARKERS if marker in lowered), "")


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
        common["label"] = _text((body.get("label") or {}).get("name"))
        common["has_new_base"] = bool((body.get("changes") or {}).get("base"))
        return _of_pull_request(common, body["pull_request"])
    if kind == "issue_comment":
        return Event(**common, comment=_comment(body))
    return Event(**common)


def _push(common: dict[str, Any], body: dict[str, Any]) -> Event:
    ref = body["ref"]
    message = (body.get("head_commit") or {}).get("message") or ""
    return Event(
        **common,
        branch=_branch_name(ref.removeprefix(_HEADS)) if ref.startswith(_HEADS) else "",
        is_deleted=bool(body.get("deleted")),
        commit=_text(body.get("after"))[:_COMMIT_MAX],
        skip_marker=skip_marker(message),
    )


def _of_pull_request(common: dict[str, Any], pull: dict[str, Any]) -> Event:
    head = pull["head"]
    name, number, is_fork = _branch_name(head["ref"]), _number(pull["number"]), _is_fork(pull)
    author = pull.get("user") or {}
    return Event(
        **common,
        branch=pull_request_branch(number) if is_fork else name,
        skip_marker=skip_marker(pull["title"]),
        pull_request=PullRequest(
            number=number,
            title=_text(pull["title"]),
            url=_text(pull.get("html_url")),
            author=_text(author.get("login")),
            avatar_url=_text(author.get("avatar_url")),
            is_open=pull["state"] == "open",
            is_draft=bool(pull.get("draft")),
            is_fork=is_fork,
            labels=frozenset(label["name"] for label in pull.get("labels") or ()),
            updated_at=_time(pull["updated_at"]),
            head_repository=_text((head.get("repo") or {}).get("full_name")),
            head_branch=name,
            head_commit=_text(head.get("sha"))[:_COMMIT_MAX],
            author_association=_text(pull.get("author_association")),
            base_branch=_text(pull["base"].get("ref"))[:_NAME_MAX],
            is_bot=_is_bot(author),
        ),
    )


def _comment(body: dict[str, Any]) -> Comment | None:
    """None where it is about an issue that is no pull request."""
    issue, comment = body["issue"], body["comment"]
    return _read_comment(comment, issue["number"]) if issue.get("pull_request") else None


def _read_comment(comment: dict[str, Any], issue: Any) -> Comment:
    author = comment.get("user") or {}
    return Comment(
        number=_number(comment["id"], _ID_MAX),
        pull_request=_number(issue),
        author=_text(author.get("login")),
        body=_text(comment.get("body"))[:_COMMENT_MAX],
        is_by_bot=_is_bot(author),
        created_at=_time(comment["created_at"]) if comment.get("created_at") else None,
    )


def _is_bot(account: dict[str, Any]) -> bool:
    """https://docs.github.com/en/rest/users/users: an App's account is a Bot."""
    return account.get("type") == "Bot" or _text(account.get("login")).endswith("[bot]")


def _is_fork(pull: dict[str, Any]) -> bool:
    """Whether its commits may be a stranger's: whoever can write to another repository.

    By id, since names are taken over. A head repository that was deleted is null, and not ours
    either. Who opened a pull request of our own branch counts for nothing: whoever pushed that
    branch may write to the repository, and `author_association` calls members whose membership is
    private CONTRIBUTOR, too.
    https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/getting-started/about-collaborative-development-models
    https://docs.github.com/en/graphql/reference/enums#commentauthorassociation
    """
    ours = pull["base"]["repo"]["id"]
    theirs = (pull["head"].get("repo") or {}).get("id")
    return theirs is None or bool(theirs != ours)


def _branch_name(name: Any) -> str:
    """Only what the database and git can take: GitHub's own names are no longer than this.

    git takes no colon: with one, a name could pass for that of a fork's pull request.
    """
    if not isinstance(name, str) or not 0 < len(name) <= _NAME_MAX or {"\x00", ":"} & set(name):
        raise ValueError("branch name")
    return name


def _number(value: Any, most: int = _NUMBER_MAX) -> int:
    number = int(value)
    if not 0 < number <= most:
        raise ValueError("number")
    return number


def _text(value: Any) -> str:
    """PostgreSQL stores no NUL in a text."""
    return str(value or "").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if time.tzinfo is None:
        raise ValueError("time zone")
    return time

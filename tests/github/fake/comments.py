"""Comments, reactions, and who may write, in the fake of GitHub."""

from typing import Any

from .. import rules
from .state import _R, Asked, Refused, State, Thing, does, gone, invalid, kept, now

#: GitHub's own error: "Body is too long (maximum is 65536 characters)".
_LONGEST = 65536


@does(f"GET {_R}/issues/{{issue_number}}/comments")
def comments(state: State, asked: Asked) -> tuple[int, Any]:
    _place(state, asked)
    ending = f"{asked.repository}/issues/{asked.number('issue_number')}"
    return 200, [row for row in state.comments.values() if row["issue_url"].endswith(ending)]


@does(f"POST {_R}/issues/{{issue_number}}/comments")
def make_comment(state: State, asked: Asked) -> tuple[int, Any]:
    number = _place(state, asked)
    if number in state.locked:
        raise Refused(403, "Unable to create comment because issue is locked.")
    known = state.add_comment(_text(asked.body["body"]), state.login, number, asked.repository)
    row = state.comments[known]
    if asked.by == "installation":
        row["user"] |= {"login": "edaha[bot]", "type": "Bot"}
        app = rules.example("GET /app", 200)
        row["performed_via_github_app"] = app | {"id": int(state.app_id)}
    return 201, row


@does(f"GET {_R}/issues/comments/{{comment_id}}")
def comment(state: State, asked: Asked) -> tuple[int, Any]:
    return 200, kept(state.comments, asked.number("comment_id"))


@does(f"PATCH {_R}/issues/comments/{{comment_id}}")
def edit_comment(state: State, asked: Asked) -> tuple[int, Any]:
    row = kept(state.comments, asked.number("comment_id"))
    row |= {"body": _text(asked.body["body"]), "updated_at": now()}
    return 200, row


@does(f"DELETE {_R}/issues/comments/{{comment_id}}")
def delete_comment(state: State, asked: Asked) -> tuple[int, Any]:
    kept(state.comments, asked.number("comment_id"))
    del state.comments[asked.number("comment_id")]
    return 204, None


@does(f"POST {_R}/issues/comments/{{comment_id}}/reactions")
def react(state: State, asked: Asked) -> tuple[int, Any]:
    # https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment
    key = (asked.number("comment_id"), asked.body["content"])
    kept(state.comments, key[0])
    if key in state.reactions:
        return 200, state.reactions[key]
    row: Thing = rules.example(asked.operation.name, 201)
    state.reactions[key] = row | {"id": next(state.ids), "content": key[1]}
    return 201, state.reactions[key]


@does(f"GET {_R}/collaborators/{{username}}/permission")
def permission(state: State, asked: Asked) -> tuple[int, Any]:
    login = asked.operation.values["username"]
    if login not in state.collaborators:
        raise gone()
    level = state.collaborators[login]
    body = rules.example(asked.operation.name, 200)
    body["user"] |= {"login": login, "role_name": level}
    return 200, body | {"permission": level, "role_name": level}


def _place(state: State, asked: Asked) -> int:
    """The pull request; where issues are switched off, GitHub says of them that they are gone."""
    number = asked.number("issue_number")
    if number not in state.pulls and not state.has_issues:
        raise Refused(410, "Issues has been disabled in this repository.")
    kept(state.pulls, number)
    return number


def _text(body: str) -> str:
    if not body.strip():
        raise invalid("IssueComment", "body", "missing_field")
    if len(body) > _LONGEST:
        raise Refused(422, "Validation Failed", {"message": "body is too long"})
    return body

"""Pull requests, branches and repositories in the fake of GitHub."""

from typing import Any

from .. import rules
from .state import _R, Asked, Refused, State, Thing, does, gone, kept


@does(f"GET {_R}/pulls")
def pulls(state: State, asked: Asked) -> tuple[int, Any]:
    wanted = asked.query.get("state", "open")
    return 200, [row for row in state.pulls.values() if wanted in {"all", row["state"]}]


@does(f"GET {_R}/pulls/{{pull_number}}")
def pull(state: State, asked: Asked) -> tuple[int, Any]:
    row = kept(state.pulls, asked.number("pull_number"))
    return 200, rules.example(asked.operation.name, 200) | row


@does(f"GET {_R}/pulls/{{pull_number}}/files")
def files(state: State, asked: Asked) -> tuple[int, Any]:
    kept(state.pulls, asked.number("pull_number"))
    shown = rules.example(asked.operation.name, 200)
    paths = state.files.get(asked.number("pull_number"), [])
    return 200, [shown | {"filename": path} for path in paths]


@does(f"GET {_R}/compare/{{basehead}}")
def compare(state: State, asked: Asked) -> tuple[int, Any]:
    base, dots, head = asked.operation.values["basehead"].partition("...")
    known = {*state.branches, *(state.commits or [])}
    if not dots or not {base, head} <= known:
        raise gone()
    is_same = state.branches.get(base, base) == state.branches.get(head, head)
    body: Thing = rules.example(asked.operation.name, 200)
    if is_same:
        body |= {"status": "identical", "ahead_by": 0, "behind_by": 0, "total_commits": 0}
        body |= {"commits": [], "files": []}
    return 200, body


@does(f"GET {_R}/branches")
def branches(state: State, asked: Asked) -> tuple[int, Any]:
    shown = rules.example(asked.operation.name, 200)
    del shown["protection"]  # which GitHub's description has otherwise than its example
    return 200, [
        shown | {"name": name, "commit": shown["commit"] | {"sha": commit}}
        for name, commit in sorted(state.branches.items())
    ]


@does(f"GET {_R}")
def repository(state: State, asked: Asked) -> tuple[int, Any]:
    known = {*state.installations, *state.repositories}
    if asked.repository not in known and asked.by != "person":
        raise gone()
    return 200, shown_repository(state, asked.repository, asked.operation.name)


@does("GET /installation/repositories")
def reached(state: State, asked: Asked) -> tuple[int, Any]:
    if asked.token is None:
        raise Refused(403, "You must authenticate with an installation access token")
    body = rules.example(asked.operation.name, 200)
    [shown] = body["repositories"][:1]
    rows = [
        _named(state, name, shown)
        for name, found in sorted(state.installations.items())
        if found.id == asked.token.installation
    ]
    return 200, {"total_count": len(rows), "repositories": rows}


def shown_repository(state: State, name: str, operation: str) -> Thing:
    return _named(state, name, rules.example(operation, 200))


def _named(state: State, name: str, shown: Thing) -> Thing:
    owner, _, short = name.partition("/")
    row: Thing = {"language": None, **shown}
    row |= {"id": state.repository_id(name), "full_name": name, "name": short}
    row |= {"clone_url": f"https://github.com/{name}.git", "owner": row["owner"] | {"login": owner}}
    return row | state.repositories.get(name, {})

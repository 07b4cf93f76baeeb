"""What is about the App itself in the fake of GitHub, and about whoever asks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from .. import rules
from .state import _R, Asked, Installation, Refused, State, Thing, Token, does, gone


@does("GET /app")
def app(state: State, asked: Asked) -> tuple[int, Any]:
    return 200, rules.example("GET /app", 200) | {"id": int(state.app_id)}


@does("GET /user")
def user(state: State, asked: Asked) -> tuple[int, Any]:
    if asked.by != "person":
        raise Refused(403, "Resource not accessible by integration")
    return 200, rules.example("GET /user", 200) | {"login": state.login}


@does("GET /user/memberships/orgs")
def memberships(state: State, asked: Asked) -> tuple[int, Any]:
    shown = rules.example(asked.operation.name, 200)
    wanted = asked.query.get("state")
    return 200, [
        shown | {"state": of, "organization": shown["organization"] | {"login": name}}
        for name, of in state.memberships.items()
        if wanted in {None, of}
    ]


@does("GET /user/teams")
def teams(state: State, asked: Asked) -> tuple[int, Any]:
    shown = rules.example(asked.operation.name, 200) | {"type": "organization"}
    home = {"archived_at": None} | shown["organization"]
    return 200, [
        shown | {"slug": slug, "organization": home | {"login": name}} for name, slug in state.teams
    ]


@does("GET /app/installations")
def installations(state: State, asked: Asked) -> tuple[int, Any]:
    shown = rules.example("GET /app/installations", 200)
    found = {each.id: (name, each) for name, each in state.installations.items()}
    return 200, [shown | _installed(name, each, shown["account"]) for name, each in found.values()]


@does(f"GET {_R}/installation")
def installation(state: State, asked: Asked) -> tuple[int, Any]:
    found = state.installations.get(asked.repository)
    if found is None:
        raise gone()
    shown = rules.example(f"GET {_R}/installation", 200)
    return 200, shown | _installed(asked.repository, found, shown["account"])


def _installed(name: str, found: Installation, account: Thing) -> Thing:
    owner = name.partition("/")[0]
    by = {"login": "octocat", "id": 1} if found.suspended_at else None
    shown_by = rules.example("GET /user", 200) | by if by else None
    return {
        "id": found.id,
        "permissions": found.permissions,
        "account": account | {"login": owner},
        "html_url": f"https://github.com/organizations/{owner}/settings/installations/{found.id}",
        "suspended_at": found.suspended_at,
        "suspended_by": _simple(shown_by) if shown_by else None,
    }


def _simple(person: Thing) -> Thing:
    shown: Thing = rules.example(f"GET {_R}", 200)["owner"]
    return shown | {"login": person["login"], "id": person["id"]}


@does("POST /app/installations/{installation_id}/access_tokens")
def make_token(state: State, asked: Asked) -> tuple[int, Any]:
    # https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
    number = asked.number("installation_id")
    found = next((each for each in state.installations.values() if each.id == number), None)
    if found is None:
        raise gone()
    if found.suspended_at:
        raise Refused(403, "This installation has been suspended")
    body = asked.body or {}
    wanted = body.get("permissions") or found.permissions
    order = ["", "read", "write", "admin"]
    for name, level in wanted.items():
        if order.index(level) > order.index(found.permissions.get(name, "")):
            raise Refused(422, "The permissions requested are not granted to this installation.")
    names = body.get("repositories") or []
    reached = {name.partition("/")[2] for name, i in state.installations.items() if i.id == number}
    if not set(names) <= reached:
        raise Refused(422, "There is at least one repository that does not exist or is not accessi")
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    text = f"ghs_Sesame{next(state.ids)}"
    state.tokens[text] = Token(dict(wanted), ends_at, number, tuple(names))
    ends = ends_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return 201, {"token": text, "expires_at": ends, "permissions": wanted}


@does("POST /app-manifests/{code}/conversions")
def convert(state: State, asked: Asked) -> tuple[int, Any]:
    # A code is good once, and for an hour:
    # https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
    code = asked.operation.values["code"]
    if code not in state.manifest_codes:
        raise gone()
    made = rules.example(asked.operation.name, 201) | {"id": int(state.app_id)}
    return 201, made | state.manifest_codes.pop(code)


@does("GET /rate_limit")
def rate_limit(state: State, asked: Asked) -> tuple[int, Any]:
    """What it counts itself is put in by the one who counts."""
    return 200, rules.example("GET /rate_limit", 200)

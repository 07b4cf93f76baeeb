"""What is about the App itself in the fake of GitHub, and small things."""

from typing import Any

from .. import rules
from .state import _R, Asked, State, does, gone


@does("GET /app")
def app(state: State, asked: Asked) -> tuple[int, Any]:
    return 200, rules.example("GET /app", 200) | {"id": int(state.app_id)}


@does("GET /app/installations")
def installations(state: State, asked: Asked) -> tuple[int, Any]:
    shown = rules.example("GET /app/installations", 200)
    return 200, [
        shown | {"id": each.id, "permissions": each.permissions}
        for each in state.installations.values()
    ]


@does("POST /app-manifests/{code}/conversions")
def convert(state: State, asked: Asked) -> tuple[int, Any]:
    # A code is good once, and for an hour:
    # https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
    if asked.operation.values["code"] not in state.manifest_codes:
        raise gone()
    state.manifest_codes.remove(asked.operation.values["code"])
    return 201, rules.example(asked.operation.name, 201) | {"id": int(state.app_id)}


@does("GET /app/hook/deliveries")
def hook_deliveries(state: State, asked: Asked) -> tuple[int, Any]:
    return 200, state.hook_deliveries[: int(asked.query.get("per_page", 30))]


@does("POST /app/hook/deliveries/{delivery_id}/attempts")
def redeliver(state: State, asked: Asked) -> tuple[int, Any]:
    number = asked.number("delivery_id")
    if number not in {each["id"] for each in state.hook_deliveries}:
        raise gone()
    state.redelivered.append(number)
    return 202, {}


@does(f"GET {_R}")
def repository(state: State, asked: Asked) -> tuple[int, Any]:
    if asked.repository not in state.installations and asked.by != "person":
        raise gone()
    return 200, rules.example(asked.operation.name, 200) | {"full_name": asked.repository}

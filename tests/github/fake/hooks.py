"""Webhooks and their deliveries in the fake of GitHub: the App's own, and those of repositories.

https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from .. import rules
from .state import _R, Asked, State, Thing, does, gone, invalid, kept

#: Older ones are forgotten.
_KEPT = timedelta(days=3)
APP = 0


def add_delivery(
    state: State, hook: int, guid: str, status_code: int, *, ago: timedelta, event: str
) -> Thing:
    rows = state.deliveries.setdefault(hook, [])
    at = datetime.now(UTC) - ago
    row: Thing = rules.example("GET /app/hook/deliveries", 200)
    row |= {"id": len(rows) + 1, "guid": guid, "event": event, "action": "created"}
    row |= {"delivered_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "status_code": status_code}
    row |= {"redelivery": any(each["guid"] == guid for each in rows)}
    row["status"] = "OK" if 200 <= status_code < 300 else "Invalid HTTP Response"
    rows.append(row)
    return row


@does("GET /app/hook/deliveries")
def of_the_app(state: State, asked: Asked) -> tuple[int, Any]:
    return 200, _listed(state, APP, asked)


@does("POST /app/hook/deliveries/{delivery_id}/attempts")
def again_for_the_app(state: State, asked: Asked) -> tuple[int, Any]:
    return _again(state, APP, asked)


@does(f"GET {_R}/hooks")
def hooks(state: State, asked: Asked) -> tuple[int, Any]:
    return 200, list(state.hooks.values())


@does(f"GET {_R}/hooks/{{hook_id}}/deliveries")
def of_a_repository(state: State, asked: Asked) -> tuple[int, Any]:
    kept(state.hooks, asked.number("hook_id"))
    return 200, _listed(state, asked.number("hook_id"), asked)


@does(f"POST {_R}/hooks/{{hook_id}}/deliveries/{{delivery_id}}/attempts")
def again_for_a_repository(state: State, asked: Asked) -> tuple[int, Any]:
    kept(state.hooks, asked.number("hook_id"))
    return _again(state, asked.number("hook_id"), asked)


def add_hook(state: State, number: int, url: str, *, active: bool = True) -> None:
    shown = rules.example(f"GET {_R}/hooks", 200)
    config = shown["config"] | {"url": url}
    state.hooks[number] = shown | {"id": number, "active": active, "config": config}


def _listed(state: State, hook: int, asked: Asked) -> list[Thing]:
    """The newest first; from the cursor on, which is that of the first one to be shown."""
    oldest = (datetime.now(UTC) - _KEPT).strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = [row for row in state.deliveries.get(hook, []) if row["delivered_at"] >= oldest]
    rows.sort(key=lambda row: (row["delivered_at"], row["id"]), reverse=True)
    cursor = asked.query.get("cursor", "")
    if not cursor:
        return rows
    places = [place for place, row in enumerate(rows) if f"v1_{row['id']}" == cursor]
    if not places:
        raise invalid("HookDelivery", "cursor")
    return rows[places[0] :]


def _again(state: State, hook: int, asked: Asked) -> tuple[int, Any]:
    number = asked.number("delivery_id")
    if number not in {row["id"] for row in state.deliveries.get(hook, [])}:
        raise gone()
    state.redelivered.append((hook, number))
    return 202, {}

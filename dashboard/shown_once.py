"""What is shown a single time, to whoever has just made it: passwords, tokens, secrets."""

from typing import Any

from django.http import HttpRequest

_KEY = "shown_once"


def keep(request: HttpRequest, what: str, values: dict[str, Any]) -> None:
    """For the next page that takes it, in the session."""
    request.session[_KEY] = {"what": what, **values}


def take(request: HttpRequest, what: str) -> dict[str, Any]:
    """What was kept, which is then gone; empty where nothing of that kind was."""
    kept = request.session.get(_KEY, {})
    if kept.get("what") != what:
        return {}
    found: dict[str, Any] = request.session.pop(_KEY)
    return found

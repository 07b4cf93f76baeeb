"""What a GitHub App's webhook tells of the App itself: where it was installed, and where no more.

Nothing is kept of it but the delivery's decision: GitHub is asked whenever it matters.
https://docs.github.com/en/webhooks/webhook-events-and-payloads#installation
"""

from typing import Any

import orjson

from .adapters.github import tokens
from .models import Delivery
from .payloads import Event, MalformedPayload
from .secrets import installation_secrets, key_id

KINDS = {"installation", "installation_repositories"}


def decide(delivery: Delivery, event: Event) -> str:
    """What it says, for people to read. Raises MalformedPayload."""
    if delivery.key_id not in {key_id(secret) for secret in installation_secrets()}:
        return "ignored: it is signed with another repository's secret"
    # Whatever was known of installations in this process may be otherwise now.
    tokens.forget()
    try:
        return _told(event, orjson.loads(bytes(delivery.payload)))
    except (KeyError, TypeError, AttributeError) as problem:
        raise MalformedPayload(f"{event.kind} without a proper {problem}") from problem


def _told(event: Event, body: dict[str, Any]) -> str:
    account = body["installation"]["account"]
    # Enterprises have no login.
    name = str(account.get("login") or account.get("slug") or "somebody")[:100]
    if event.kind == "installation_repositories":
        added, removed = (
            len(body.get(f"repositories_{what}") or []) for what in ("added", "removed")
        )
        return f"noted: {name} gave the GitHub App {added} repositories, and took {removed} away"
    told = {
        "created": f"noted: {name} installed the GitHub App",
        "deleted": f"noted: {name} removed the GitHub App",
        "suspend": f"noted: {name} suspended the GitHub App",
        "unsuspend": f"noted: {name} lets the GitHub App work again",
        "new_permissions_accepted": f"noted: {name} accepted the GitHub App's permissions",
    }
    return told.get(event.action, f"ignored: {event.action} changes nothing")

"""The comment of a pull request, as Markdown. Pure: facts in, text out."""

from collections.abc import Iterator
from datetime import datetime

from . import qr
from .escaping import block, code, prose
from .facts import Facts, Failure

#: GitHub takes no longer one.
MOST = 65_536
_MOST_SERVICES = 30

#: Symbol and words.
STATUS = {
    "pending": ("⏳", "Queued"),
    "building": ("🔨", "Building"),
    "deploying": ("🚀", "Deploying"),
    "live": ("✅", "Live"),
    "failed": ("❌", "Failed"),
    "cancelled": ("🚫", "Cancelled"),
    "asleep": ("💤", "Asleep"),
    "waiting": ("✋", "Waiting for approval"),
    "destroying": ("🗑️", "Being removed"),
    "destroyed": ("🗑️", "Gone"),
}


def render(facts: Facts) -> str:
    """The whole text; its first line is the marker."""
    symbol, words = STATUS[facts.status]
    parts = [
        facts.marker,
        f"### {symbol} Preview: {words}",
        "\n".join(_table(facts)),
        *_waiting(facts),
        *(_failure(facts.failure) if facts.failure else ()),
        *_gone(facts),
        *_qr_code(facts),
    ]
    return "\n\n".join(parts)[:MOST]


def _table(facts: Facts) -> Iterator[str]:
    symbol, words = STATUS[facts.status]
    yield "| | |"
    yield "|---|---|"
    yield f"| **Status** | {symbol} {words}{_place(facts)} |"
    if facts.url:
        yield f"| **Preview** | {_address(facts)} |"
    if facts.commit:
        yield f"| **Commit** | [{code(facts.commit[:7])}]({facts.commit_url}) |"
    if facts.served_commit:
        yield f"| **Still served** | {code(facts.served_commit[:7])}, the version before |"
    yield f"| **Updated** | {_time(facts.updated_at)} |"
    if facts.log_url:
        yield f"| **Log** | [Read the log]({facts.log_url}) · [Details]({facts.page_url}) |"
    if len(facts.services) > 1:
        yield f"| **Services** | {_services(facts)} |"
    if facts.url:
        yield f"| **Expires** | {_expiry(facts)} |"


def _address(facts: Facts) -> str:
    if facts.status == "live" or facts.served_commit:
        return f"**[{facts.url}]({facts.url})**"
    return f"{facts.url} (not ready yet)" if facts.status not in _OVER else f"{facts.url}"


#: Nothing comes of these by itself.
_OVER = {"failed", "cancelled", "waiting"}


def _place(facts: Facts) -> str:
    if facts.place is None:
        return f": {prose(facts.waiting_for)}" if facts.waiting_for else ""
    return f" at place {facts.place}: {prose(facts.waiting_for)}"


def _services(facts: Facts) -> str:
    named = [f"[{code(name)}]({url})" for name, url in facts.services[:_MOST_SERVICES]]
    rest = len(facts.services) - len(named)
    return ", ".join(named) + (f" and {rest} more" if rest else "")


def _expiry(facts: Facts) -> str:
    if facts.pinned_by:
        return f"Never: pinned by {code(facts.pinned_by)}"
    if facts.expires_at is None:
        return "When the pull request is closed"
    return f"{_time(facts.expires_at)}, unless somebody opens it, pushes or pins it"


def _waiting(facts: Facts) -> Iterator[str]:
    if not facts.waiting_commit:
        return
    yield (
        f"✋ **{code(facts.waiting_commit[:7])} waits for an approval**, since it comes from a "
        "fork: nothing of it is built before. A member of the team looks at what the commit "
        f"changes, and then [approves or rejects it]({facts.approval_url})."
    )


def _failure(failure: Failure) -> Iterator[str]:
    yield f"**{prose(failure.what)}** {prose(failure.whose)}"
    yield block("\n".join(text for text in (failure.message, failure.hint) if text))
    if failure.line:
        yield f"The [line of the log]({failure.log_url}) that tells it:"
        yield block(failure.line)
    if failure.steps:
        yield "\n".join(f"{n}. {prose(step)}" for n, step in enumerate(failure.steps, start=1))


def _gone(facts: Facts) -> Iterator[str]:
    why = f": {code(facts.reason)}" if facts.reason else ""
    if facts.status == "cancelled":
        yield f"It was cancelled{why}. [Redeploy it]({facts.page_url}), or push again."
    if facts.status in {"destroying", "destroyed"}:
        yield f"The preview is gone since {_time(facts.updated_at)}{why}."
        yield f"A new push, or [a click]({facts.page_url}), brings it back."


def _qr_code(facts: Facts) -> Iterator[str]:
    if facts.status != "live" and not facts.served_commit:
        return
    drawn = "\n".join(["```text", qr.drawn(facts.url), "```"])
    yield f"<details><summary>QR code</summary>\n\n{drawn}\n\n</details>"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"

"""What a notice says: one form for every event, documented in docs/notices.md."""

from typing import Any

from ..models import Branch, Deployment, Notice
from ..reports import facts

TEST = "edaha.test"


def payload(notice: Notice) -> dict[str, Any]:
    """Type, time and data, as Standard Webhooks has them."""
    data: dict[str, Any] = {}
    branch, transition = notice.branch, notice.transition
    if branch is not None:
        data = {"repository": branch.repository.full_name, "branch": _branch(branch)}
        data["deployment"] = _deployment(notice.deployment)
    if transition is not None:
        data |= {
            "before": transition.before,
            "after": transition.after,
            "reason": transition.reason,
            "actor": transition.actor,
        }
    return {"type": notice.event, "timestamp": notice.at.isoformat(), "data": data}


def _branch(branch: Branch) -> dict[str, Any]:
    return {
        "id": branch.pk,
        "name": branch.name,
        "slug": branch.slug,
        "title": branch.display_title,
        "author": branch.author,
        "url": branch.url,
        "page_url": facts.page_url(branch),
        "pull_request": branch.pull_request,
        "pull_request_url": branch.pull_request_url,
        "expires_at": branch.expires_at.isoformat() if branch.expires_at else None,
    }


def _deployment(deployment: Deployment | None) -> dict[str, Any] | None:
    if deployment is None:
        return None
    failure = facts.failure(deployment)
    return {
        "id": deployment.pk,
        "commit": deployment.commit,
        "trigger": deployment.trigger,
        "actor": deployment.actor,
        "log_url": facts.log_url(deployment),
        "failure": failure
        and {
            "what": failure.what,
            "whose": failure.whose,
            "error": failure.message,
            "hint": failure.hint,
            "line": failure.line,
        },
    }

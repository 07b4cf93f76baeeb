"""What a wish changed of a preview, for the audit log."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from deployments import audit
from deployments.models import Branch

_FIELDS = (
    "wanted",
    "state",
    "generation",
    "wanted_commit",
    "waiting_commit",
    "live_id",
    "pinned_by",
    "expires_at",
)


@contextmanager
def noted(action: str, branch: Branch, *, actor: str, reason: str = "") -> Iterator[None]:
    """Take down what somebody did to a preview inside; nothing where that is refused."""
    before = _values(branch)
    yield
    after = _values(branch)
    differing = [name for name in _FIELDS if before[name] != after[name]]
    audit.note(
        action,
        branch,
        actor=actor,
        reason=reason,
        before={name: before[name] for name in differing},
        after={name: after[name] for name in differing},
    )


def _values(branch: Branch) -> dict[str, Any]:
    found: dict[str, Any] = Branch.objects.values(*_FIELDS).get(pk=branch.pk)
    return found

"""The only door in: it writes what is *wanted* of a branch, and wakes a worker up.

Each wish raises the branch's generation in one compare-and-swap, together with the row of the
deployment that is to fulfil it. Whoever works for an older generation stops when it sees that.
"""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from . import announcing, elsewhere
from .adapters import wakeups
from .approving import approve, await_approval, check_waiting
from .choosing import deploy_commit, roll_back, rollback_targets
from .deploying import deploy, raise_generation
from .ending import cancel, end_started, skip_queued
from .errors import UserError
from .keeping import extend, pin, unpin
from .models import Branch, Deployment, Transition
from .pipeline import queue
from .states import BranchState, DeploymentState, Wanted

__all__ = [
    "approve",
    "await_approval",
    "cancel",
    "deploy_commit",
    "destroy",
    "extend",
    "pin",
    "redeploy",
    "reject",
    "roll_back",
    "rollback_targets",
    "unpin",
    "want_absent",
    "want_commit",
]

_WITHOUT_END: dict[str, Any] = {
    "expires_at": None,
    "expiry_warned_at": None,
    "kept_until": None,
    "pinned_at": None,
    "pinned_by": "",
}

REDEPLOY = Deployment.Trigger.REDEPLOY
#: These deploy the branch's head, as somebody has just read it.
_OF_HEADS = {
    Deployment.Trigger.PUSH,
    Deployment.Trigger.PULL_REQUEST,
    Deployment.Trigger.FOUND,
}


def redeploy(branch: Branch, *, actor: str, reason: str = "", no_cache: bool = False) -> Deployment:
    """Deploy the branch's newest commit again; a destroyed branch comes back.

    A second click while the first one's deployment has not begun returns that deployment.
    """
    elsewhere.check_cache_wish(branch.repository, no_cache=no_cache)
    while True:
        branch.refresh_from_db()
        waiting = branch.deployment
        if (
            waiting is not None
            and branch.wanted == Wanted.PRESENT
            and waiting.state == DeploymentState.QUEUED
            and waiting.no_cache == no_cache
            and waiting.is_built_elsewhere == elsewhere.is_expected(branch, REDEPLOY)
            and waiting.trigger not in Deployment.Trigger.chosen()
        ):
            return waiting
        if branch.is_fork and not branch.wanted_commit:
            raise UserError(
                _("It comes from a fork, and no commit of it was approved yet."),
                hint=_("Approve the one that waits."),
            )
        if not branch.wanted_commit:
            raise UserError(
                _("No commit of this branch is known yet."), hint=_("Push a commit first.")
            )
        deployment = want_commit(
            branch,
            branch.wanted_commit,
            trigger=REDEPLOY,
            actor=actor,
            reason=reason,
            no_cache=no_cache,
        )
        if deployment is not None:
            return deployment


def want_commit(
    branch: Branch,
    commit: str,
    *,
    trigger: Deployment.Trigger,
    actor: str = "",
    reason: str = "",
    no_cache: bool = False,
) -> Deployment | None:
    """Wish that `commit` be live, provided nobody wished anything since `branch` was read.

    None means that somebody did: read the ref again, then decide again.
    """
    wish = {"wanted_commit": commit}
    if trigger in _OF_HEADS:
        wish["seen_commit"] = commit
    return deploy(
        branch, commit, wish, trigger=trigger, actor=actor, reason=reason, no_cache=no_cache
    )


def repair(branch: Branch, *, reason: str) -> Deployment | None:
    """Deploy what is live once more, as it was; `reason` says what has become of it.

    The commit that is wanted stays so, also where it failed: that one is not tried again, and the
    live one was not wanted anew. None where somebody wished something since `branch` was read, or
    nothing is live.
    """
    if branch.live is None:
        return None
    trigger = Deployment.Trigger.REPAIR
    return deploy(branch, branch.live.commit, {}, trigger=trigger, reason=reason)


def destroy(branch: Branch, *, actor: str, reason: str, forget: bool = False) -> bool:
    """Wish that nothing of the branch remain. False when that was wanted already."""
    while True:
        branch.refresh_from_db()
        if branch.wanted == Wanted.ABSENT:
            return False
        if want_absent(branch, actor=actor, reason=reason, forget=forget):
            return True


def reject(branch: Branch, commit: str, *, actor: str, reason: str = "") -> None:
    """Let a stranger's commit wait no more; what was approved before stays, and a push waits anew.

    Raises UserError where it is not this commit that waits.
    """
    said = f"Rejected {commit[:7]}: {reason}" if reason else f"Rejected {commit[:7]}"
    waiting = Q(waiting_commit=commit)
    while True:
        branch.refresh_from_db()
        check_waiting(branch, commit)
        if branch.deployment_id is None:
            if want_absent(branch, actor=actor, reason=said, provided=waiting):
                return
        elif _wait_no_more(branch, waiting, said, actor):
            wakeups.notify(branch=branch.pk)
            return


def _wait_no_more(branch: Branch, waiting: Q, said: str, actor: str) -> bool:
    with transaction.atomic():
        if not Branch.objects.filter(waiting, pk=branch.pk).update(waiting_commit=""):
            return False
        Transition.objects.create(
            branch=branch, before=branch.state, after=branch.state, reason=said, actor=actor
        )
        announcing.changed(branch.pk)
    return True


def want_absent(
    branch: Branch, *, actor: str, reason: str, forget: bool = False, provided: Q | None = None
) -> bool:
    """Wish the branch away, provided nobody wished anything since `branch` was read.

    With `forget`, what it stood for is gone, too: should that come back, it is news. Without, the
    branch stays away until there is a new commit. `provided` is what has to be so besides, at
    the moment of the wish.
    """
    before, now = branch.state, timezone.now()
    seen = {"seen_commit": ""} if forget else {}
    with transaction.atomic():
        if not raise_generation(branch, provided, wanted=Wanted.ABSENT, **seen):
            return False
        Branch.objects.filter(pk=branch.pk).update(
            live=None,
            state=BranchState.DESTROYING,
            state_changed_at=now,
            updated_at=now,
            waiting_commit="",
            # A pin, too, is about what ends here.
            **_WITHOUT_END,
        )
        Transition.objects.create(
            branch=branch, before=before, after=BranchState.DESTROYING, reason=reason, actor=actor
        )
        announcing.changed(branch.pk)
        skip_queued(branch)
        end_started(branch)
    branch.live, branch.state = None, BranchState.DESTROYING
    wakeups.wake(wakeups.DESTROY, branch.pk)
    wakeups.notify(branch=branch.pk)
    # Whoever waited for its place among the previews.
    queue.wake_next()
    return True

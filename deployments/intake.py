"""The only door in: it writes what is *wanted* of a branch, and wakes a worker up.

Each wish raises the branch's generation in one compare-and-swap, together with the row of the
deployment that is to fulfil it. Whoever works for an older generation stops when it sees that.
"""

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from .adapters import wakeups
from .errors import UserError
from .models import Branch, Deployment, Transition
from .models.moves import move_deployment
from .states import BranchState, DeploymentState, Wanted

#: These deploy the branch's head, as somebody has just read it.
_OF_HEADS = {
    Deployment.Trigger.PUSH,
    Deployment.Trigger.PULL_REQUEST,
    Deployment.Trigger.FOUND,
}


def redeploy(branch: Branch, *, actor: str, no_cache: bool = False) -> Deployment:
    """Deploy the branch's newest commit again; a destroyed branch comes back.

    A second click while the first one's deployment has not begun returns that deployment.
    """
    while True:
        branch.refresh_from_db()
        waiting = branch.deployment
        if (
            waiting is not None
            and branch.wanted == Wanted.PRESENT
            and waiting.state == DeploymentState.QUEUED
            and waiting.no_cache == no_cache
        ):
            return waiting
        if not branch.wanted_commit:
            raise UserError(
                _("No commit of this branch is known yet."), hint=_("Push a commit first.")
            )
        deployment = want_commit(
            branch,
            branch.wanted_commit,
            trigger=Deployment.Trigger.REDEPLOY,
            actor=actor,
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
    no_cache: bool = False,
) -> Deployment | None:
    """Wish that `commit` be live, provided nobody wished anything since `branch` was read.

    None means that somebody did: read the ref again, then decide again.
    """
    wish = {"wanted_commit": commit}
    if trigger in _OF_HEADS:
        wish["seen_commit"] = commit
    return _deploy(branch, commit, wish, trigger=trigger, actor=actor, no_cache=no_cache)


def repair(branch: Branch, *, reason: str) -> Deployment | None:
    """Deploy what is live once more, as it was; `reason` says what has become of it.

    The commit that is wanted stays so, also where it failed: that one is not tried again, and the
    live one was not wanted anew. None where somebody wished something since `branch` was read, or
    nothing is live.
    """
    if branch.live is None:
        return None
    trigger = Deployment.Trigger.REPAIR
    return _deploy(branch, branch.live.commit, {}, trigger=trigger, reason=reason)


def _deploy(
    branch: Branch,
    commit: str,
    wish: dict[str, str],
    *,
    trigger: Deployment.Trigger,
    reason: str = "",
    actor: str = "",
    no_cache: bool = False,
) -> Deployment | None:
    now = timezone.now()
    with transaction.atomic():
        if not _raise_generation(branch, wanted=Wanted.PRESENT, **wish):
            return None
        deployment = Deployment.objects.create(
            branch=branch,
            generation=branch.generation,
            commit=commit,
            trigger=trigger,
            actor=actor,
            no_cache=no_cache,
        )
        Branch.objects.filter(pk=branch.pk).update(
            deployment=deployment,
            state=BranchState.PENDING,
            state_changed_at=now,
            updated_at=now,
            # Counted anew from this deployment, by its own definitions.
            expires_at=None,
        )
        Transition.objects.create(
            branch=branch,
            deployment=deployment,
            before=branch.state,
            after=DeploymentState.QUEUED,
            reason=reason or trigger,
            actor=actor,
        )
        _skip_queued(branch)
    branch.deployment, branch.state = deployment, BranchState.PENDING
    wakeups.wake(wakeups.BUILD, deployment.pk)
    wakeups.notify(branch=branch.pk)
    return deployment


def destroy(branch: Branch, *, actor: str, reason: str, forget: bool = False) -> bool:
    """Wish that nothing of the branch remain. False when that was wanted already."""
    while True:
        branch.refresh_from_db()
        if branch.wanted == Wanted.ABSENT:
            return False
        if want_absent(branch, actor=actor, reason=reason, forget=forget):
            return True


def want_absent(branch: Branch, *, actor: str, reason: str, forget: bool = False) -> bool:
    """Wish the branch away, provided nobody wished anything since `branch` was read.

    With `forget`, what it stood for is gone, too: should that come back, it is news. Without, the
    branch stays away until there is a new commit.
    """
    before, now = branch.state, timezone.now()
    seen = {"seen_commit": ""} if forget else {}
    with transaction.atomic():
        if not _raise_generation(branch, wanted=Wanted.ABSENT, **seen):
            return False
        Branch.objects.filter(pk=branch.pk).update(
            live=None, state=BranchState.DESTROYING, state_changed_at=now, updated_at=now
        )
        Transition.objects.create(
            branch=branch, before=before, after=BranchState.DESTROYING, reason=reason, actor=actor
        )
        _skip_queued(branch)
        _end_started(branch)
    branch.live, branch.state = None, BranchState.DESTROYING
    wakeups.wake(wakeups.DESTROY, branch.pk)
    wakeups.notify(branch=branch.pk)
    return True


def _end_started(branch: Branch) -> None:
    # Here and not later: a branch that is wished back meanwhile knows nothing of them any more.
    now = timezone.now()
    for deployment in branch.deployments.filter(state=DeploymentState.LIVE):
        move_deployment(
            deployment, DeploymentState.RETIRED, reason="The branch is destroyed.", due_at=now
        )
    for deployment in branch.deployments.filter(state=DeploymentState.VERIFYING):
        move_deployment(
            deployment,
            DeploymentState.SUPERSEDED,
            reason="The branch is destroyed.",
            # Whoever is looking at it loses it.
            lease_owner="",
            lease_until=None,
            finished_at=now,
            due_at=now,
        )


def _raise_generation(branch: Branch, **wish: str) -> bool:
    expected = branch.generation
    rows = Branch.objects.filter(pk=branch.pk, generation=expected)
    if not rows.update(generation=F("generation") + 1, **wish):
        return False
    branch.generation = expected + 1
    for name, value in wish.items():
        setattr(branch, name, value)
    return True


def _skip_queued(branch: Branch) -> None:
    # Running work notices by itself, at its next heartbeat.
    older = branch.deployments.filter(
        state=DeploymentState.QUEUED, generation__lt=branch.generation
    )
    for deployment in older:
        move_deployment(
            deployment,
            DeploymentState.SUPERSEDED,
            reason=f"Generation {branch.generation} came before it began.",
            # Whoever has just claimed it loses it.
            lease_owner="",
            lease_until=None,
            finished_at=timezone.now(),
            cleaned_at=timezone.now(),
        )

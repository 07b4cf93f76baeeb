"""States and the moves between them, declared in one place and checked at import.

Two state machines: a **deployment** is one attempt to bring a commit live; a **branch** is what
people see. A branch's state follows from its newest deployment and from what is wanted of it, so
only deployments move on their own.
"""

from datetime import timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Wanted(TextChoices):
    PRESENT = "present", _("present")
    ABSENT = "absent", _("absent")


class DeploymentState(TextChoices):
    QUEUED = "queued", _("Queued")
    BUILDING = "building", _("Building")
    RELEASING = "releasing", _("Releasing")
    VERIFYING = "verifying", _("Verifying")
    LIVE = "live", _("Live")
    FAILED = "failed", _("Failed")
    SUPERSEDED = "superseded", _("Superseded")
    CANCELLED = "cancelled", _("Cancelled")
    RETIRED = "retired", _("Retired")


class BranchState(TextChoices):
    """The states a caller of the API sees; their names are a stable interface."""

    PENDING = "pending", _("Waiting")
    BUILDING = "building", _("Building")
    DEPLOYING = "deploying", _("Deploying")
    LIVE = "live", _("Live")
    FAILED = "failed", _("Failed")
    ASLEEP = "asleep", _("Asleep")
    DESTROYING = "destroying", _("Destroying")
    DESTROYED = "destroyed", _("Destroyed")


_D = DeploymentState
_WITHOUT_SUCCESS = frozenset({_D.FAILED, _D.SUPERSEDED, _D.CANCELLED})

MOVES: dict[DeploymentState, frozenset[DeploymentState]] = {
    _D.QUEUED: frozenset({_D.BUILDING}) | _WITHOUT_SUCCESS,
    _D.BUILDING: frozenset({_D.RELEASING}) | _WITHOUT_SUCCESS,
    _D.RELEASING: frozenset({_D.VERIFYING}) | _WITHOUT_SUCCESS,
    _D.VERIFYING: frozenset({_D.LIVE}) | _WITHOUT_SUCCESS,
    _D.LIVE: frozenset({_D.RETIRED}),
    _D.FAILED: frozenset(),
    _D.SUPERSEDED: frozenset(),
    _D.CANCELLED: frozenset(),
    _D.RETIRED: frozenset(),
}

#: How long one attempt may stay in a state before it is ended with a message.
TIMEOUTS: dict[DeploymentState, timedelta] = {
    _D.QUEUED: timedelta(hours=2),
    _D.BUILDING: timedelta(hours=1),
    # A release hook may take an hour of it.
    _D.RELEASING: timedelta(minutes=75),
    _D.VERIFYING: timedelta(minutes=30),
}

#: Still on its way: these states have work left to do.
ACTIVE = frozenset(TIMEOUTS)
#: Nothing follows any more.
ENDED = _WITHOUT_SUCCESS | {_D.RETIRED}

_BRANCH_STATE: dict[DeploymentState, BranchState] = {
    _D.QUEUED: BranchState.PENDING,
    _D.BUILDING: BranchState.BUILDING,
    _D.RELEASING: BranchState.DEPLOYING,
    _D.VERIFYING: BranchState.DEPLOYING,
    _D.LIVE: BranchState.LIVE,
    _D.FAILED: BranchState.FAILED,
    _D.SUPERSEDED: BranchState.PENDING,
    _D.CANCELLED: BranchState.FAILED,
    _D.RETIRED: BranchState.LIVE,
}


def may_move(old: DeploymentState, new: DeploymentState) -> bool:
    """Whether a deployment may go from `old` to `new`."""
    return new in MOVES[old]


def branch_state(newest: DeploymentState, *, is_served: bool) -> BranchState:
    """What people see of a wanted branch whose newest deployment is in this state.

    `is_served` tells whether an earlier one is live: where the newest was cancelled, nothing
    has failed then.
    """
    if newest == _D.CANCELLED and is_served:
        return BranchState.LIVE
    return _BRANCH_STATE[newest]


def _check_graph() -> None:
    if set(MOVES) != set(DeploymentState) or set(_BRANCH_STATE) != set(DeploymentState):
        raise AssertionError("every deployment state needs its moves and its branch state")
    stuck = {state for state in DeploymentState if not MOVES[state]} - ENDED
    if stuck:
        raise AssertionError(f"no way out of {stuck}")
    for state in ACTIVE:
        if not MOVES[state] >= _WITHOUT_SUCCESS:
            raise AssertionError(f"{state} can neither fail, nor be superseded, nor cancelled")


_check_graph()

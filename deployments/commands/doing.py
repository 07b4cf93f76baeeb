"""Each verb, as the button of the same name does it."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from .. import intake
from ..audit import noted
from ..errors import UserError
from ..models import Branch, Deployment
from ..states import BranchState, Wanted
from .parsing import Asked, Verb

REASON = "Asked for in a comment"


class Done(NamedTuple):
    """What came of it, for the delivery's page; and whether anything was changed."""

    text: str
    is_new: bool = True


class Wish(NamedTuple):
    branch: Branch
    actor: str
    #: The branch's head, as git had it just now; empty where nothing is to be deployed.
    head: str
    duration: timedelta | None


def do(asked: Asked, branch: Branch, *, actor: str, head: str) -> Done:
    """Tell the wish. Raises UserError, with what its author may do."""
    wish = Wish(branch, actor, head, asked.duration)
    with noted(f"preview.{_ACTIONS[asked.verb]}", branch, actor=actor, reason=REASON):
        return _DOING[asked.verb](wish)


def _deploy(wish: Wish) -> Done:
    branch = wish.branch
    branch.refresh_from_db()
    is_there = branch.wanted == Wanted.PRESENT and branch.wanted_commit == wish.head
    if is_there and branch.state != BranchState.FAILED:
        return Done(f"ignored: {wish.head[:7]} of {branch.slug} is {branch.state} already", False)
    return _again(wish)


def _again(wish: Wish, *, no_cache: bool = False) -> Done:
    """Deploy the head: by a redeploy where it was deployed before."""
    branch, deployment = wish.branch, None
    while deployment is None:
        branch.refresh_from_db()
        if branch.wanted_commit == wish.head:
            deployment = intake.redeploy(branch, actor=wish.actor, reason=REASON, no_cache=no_cache)
        else:
            deployment = intake.want_commit(
                branch,
                wish.head,
                trigger=Deployment.Trigger.REDEPLOY,
                actor=wish.actor,
                reason=REASON,
                no_cache=no_cache,
            )
    return Done(f"deploying {wish.head[:7]} to {branch.slug}")


def _rebuild(wish: Wish) -> Done:
    return _again(wish, no_cache=True)


def _destroy(wish: Wish) -> Done:
    reason = f"{wish.actor} wrote /preview destroy"
    if intake.destroy(wish.branch, actor=wish.actor, reason=reason):
        return Done(f"destroying {wish.branch.slug}: {reason}")
    return Done(f"ignored: {wish.branch.slug} was destroyed before", False)


def _pin(wish: Wish) -> Done:
    is_new = intake.pin(wish.branch, actor=wish.actor, reason=REASON)
    return Done(f"pinned {wish.branch.slug}" if is_new else "ignored: it was pinned before", is_new)


def _unpin(wish: Wish) -> Done:
    is_new = intake.unpin(wish.branch, actor=wish.actor, reason=REASON)
    return Done(f"unpinned {wish.branch.slug}" if is_new else "ignored: it was not pinned", is_new)


def _extend(wish: Wish) -> Done:
    branch = wish.branch
    if intake.extend(branch, actor=wish.actor, by=wish.duration):
        return Done(f"kept {branch.slug} longer")
    branch.refresh_from_db()
    if branch.expires_at is None:
        raise UserError("This preview does not end by itself.", hint="It is kept anyway.")
    return Done(f"ignored: {branch.slug} is kept as long already", False)


_DOING: dict[Verb, Callable[[Wish], Done]] = {
    Verb.DEPLOY: _deploy,
    Verb.REDEPLOY: _again,
    Verb.REBUILD: _rebuild,
    Verb.DESTROY: _destroy,
    Verb.PIN: _pin,
    Verb.UNPIN: _unpin,
    Verb.EXTEND: _extend,
}
#: As the buttons' entries in the audit log are called.
_ACTIONS = dict.fromkeys((Verb.DEPLOY, Verb.REDEPLOY, Verb.REBUILD), "deploy") | {
    verb: str(verb) for verb in (Verb.DESTROY, Verb.PIN, Verb.UNPIN, Verb.EXTEND)
}
DEPLOYS = frozenset(verb for verb, action in _ACTIONS.items() if action == "deploy")
#: Those that only tell something.
TELLS = frozenset(Verb) - frozenset(_DOING)

"""What other tools are told of a move is written down with the move itself, in its transaction.

It only writes rows: `subscribers` makes words of them and sends them.
"""

from .models import Branch, Deployment, Event, Notice, Subscription, Transition
from .states import BranchState, DeploymentState

#: How a deployment ended that visitors got to see, or did not.
_GOOD = frozenset({DeploymentState.LIVE, DeploymentState.RETIRED})
_OUTCOMES = _GOOD | {DeploymentState.FAILED}


def happened(transition: Transition, *, is_expiring: bool = False) -> None:
    """Write a row for everybody who wants to hear of it. Call it within the transaction."""
    known = list(Subscription.objects.filter(is_enabled=True).prefetch_related("repositories"))
    if not known:
        return
    branch = Branch.objects.select_related("repository").get(pk=transition.branch_id)
    was_good = _was_good(transition)
    rows = [
        _row(subscription, event, transition)
        for subscription in known
        if _may_hear(subscription, branch)
        for event in _events(transition, was_good, is_expiring)
        if subscription.wants(event) and _is_news(subscription, event, was_good)
    ]
    Notice.objects.bulk_create(rows)


def _events(transition: Transition, was_good: bool | None, is_expiring: bool) -> list[str]:
    if is_expiring:
        return [Event.EXPIRING]
    if transition.deployment_id is None:
        return [Event.DESTROYED] if transition.after == BranchState.DESTROYED else []
    found = [f"deployment.{transition.after}"]
    if transition.after == DeploymentState.FAILED:
        found.append(Event.FAILED)
    elif transition.after == DeploymentState.LIVE:
        found.append(Event.READY)
        if was_good is False:
            found.append(Event.RECOVERED)
    return found


def _was_good(transition: Transition) -> bool | None:
    """How the deployment before ended; None where none did since the preview is there."""
    if transition.after not in {DeploymentState.LIVE, DeploymentState.FAILED}:
        return None
    earlier = Transition.objects.filter(branch=transition.branch_id, id__lt=transition.pk)
    gone = earlier.filter(after=BranchState.DESTROYED).order_by("-id").first()
    before = (
        Deployment.objects.filter(branch=transition.branch_id, state__in=_OUTCOMES)
        .exclude(pk=transition.deployment_id or 0)
        .order_by("-generation")
        .first()
    )
    if before is None or (gone is not None and before.created_at < gone.at):
        return None
    return before.state in _GOOD


def _is_news(subscription: Subscription, event: str, was_good: bool | None) -> bool:
    """People in a channel hear of changes only, and of each once."""
    if not subscription.is_slack:
        return True
    if event == Event.READY:
        return was_good is None or (was_good is False and not subscription.wants(Event.RECOVERED))
    return event != Event.FAILED or was_good is not False


def _may_hear(subscription: Subscription, branch: Branch) -> bool:
    chosen = [repository.pk for repository in subscription.repositories.all()]
    return branch.repository_id in chosen if chosen else not branch.repository.is_private


def _row(subscription: Subscription, event: str, transition: Transition) -> Notice:
    return Notice(
        subscription=subscription,
        event=event,
        transition=transition,
        branch_id=transition.branch_id,
        deployment_id=transition.deployment_id,
        at=transition.at,
    )

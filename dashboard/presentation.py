"""How rows are put for people: one preview's line, a deployment's stages, states in a sentence."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from deployments.adapters import hosts
from deployments.causes import Cause
from deployments.models import Branch, Deployment, Repository, Service, Transition
from deployments.pipeline.queue import Standing
from deployments.pipeline.waiting import for_images
from deployments.states import BranchState, DeploymentState, Wanted

from . import wording
from .forks import waiting_sentence, waits_only
from .waiting import standing

#: Whatever a payload says, a picture comes from here only (and so says the content policy).
AVATARS = "https://avatars.githubusercontent.com/"
#: Deployments, and moves, on a branch's page.
RECENT = 30


def preview_rows() -> QuerySet[Branch]:
    """Branches with all that their lines need, in one query."""
    return Branch.objects.select_related("repository", "deployment")


def preview_details() -> QuerySet[Branch]:
    """Branches with what their own pages show, but for a picture's bytes."""
    with_picture = preview_rows().select_related("live__screenshot")
    return with_picture.defer("live__screenshot__image")


def recent_deployments(branch: Branch) -> QuerySet[Deployment]:
    """What a branch's page shows of its past."""
    return branch.deployments.order_by("-generation")[:RECENT]


def recent_transitions(branch: Branch) -> QuerySet[Transition]:
    """What happened to a branch, newest first: who did what, and why."""
    moves = branch.transitions.select_related("deployment")
    return moves.order_by("-pk")[:RECENT]


def page_context(branch: Branch) -> dict[str, object]:
    """What the changing parts of a branch's page are made of."""
    return {
        "branch": branch,
        "deployments": recent_deployments(branch),
        "transitions": recent_transitions(branch),
    }


def may_be_tried_again(branch: Branch) -> bool:
    """Whether the newest attempt came to nothing, so that a redeploy is another try."""
    newest = branch.deployment
    ends = (DeploymentState.FAILED, DeploymentState.CANCELLED)
    return branch.wanted == Wanted.PRESENT and newest is not None and newest.state in ends


def is_on_its_way(branch: Branch) -> bool:
    """Whether there is something to cancel."""
    newest = branch.deployment
    return branch.wanted == Wanted.PRESENT and newest is not None and newest.is_active


def other_services(branch: Branch) -> list[Service]:
    """The services beside the default one: what is served, or what the newest attempt knows."""
    deployment = branch.live_id or branch.deployment_id
    rows = Service.objects.filter(deployment=deployment).exclude(label=branch.slug)
    return list(rows)


class Stage(NamedTuple):
    """One leaf on the twig that shows how far a deployment has come."""

    name: str | Promise
    #: done, now, failed or todo
    status: str
    since: datetime | None


_STAGES = (
    (DeploymentState.QUEUED, pgettext_lazy("stage", "Queue")),
    (DeploymentState.BUILDING, pgettext_lazy("stage", "Build")),
    (DeploymentState.RELEASING, pgettext_lazy("stage", "Release")),
    (DeploymentState.VERIFYING, pgettext_lazy("stage", "Check")),
    (DeploymentState.LIVE, pgettext_lazy("stage", "Live")),
)


_STOPPED = {
    DeploymentState.FAILED: "failed",
    DeploymentState.CANCELLED: "stopped",
    DeploymentState.SUPERSEDED: "stopped",
}


def stages(deployment: Deployment) -> list[Stage]:
    """The five stages of a deployment; the first that is not done is where it is, or failed."""
    began = (
        deployment.created_at,
        deployment.started_at,
        deployment.built_at,
        deployment.released_at,
        None,
    )
    arrived = deployment.state in (DeploymentState.LIVE, DeploymentState.RETIRED)
    reached = len(_STAGES) if arrived else sum(1 for at in began[1:] if at is not None)
    current = _STOPPED.get(DeploymentState(deployment.state), "now")
    statuses = ["done"] * reached + [current] + ["todo"] * len(_STAGES)
    return [
        Stage(label, statuses[index], began[index]) for index, (_state, label) in enumerate(_STAGES)
    ]


_BRANCH_SENTENCES: dict[str, str | Promise] = {
    BranchState.PENDING: gettext_lazy("It is waiting for a free worker."),
    BranchState.BUILDING: gettext_lazy("The image is being built."),
    BranchState.DEPLOYING: gettext_lazy("The new version is starting, and is then checked."),
    BranchState.LIVE: gettext_lazy("Open the address and have a look."),
    BranchState.FAILED: gettext_lazy("The newest deployment failed."),
    BranchState.ASLEEP: gettext_lazy("It sleeps to save money, and wakes up when it is opened."),
    BranchState.DESTROYING: gettext_lazy("It is being taken down."),
    BranchState.DESTROYED: gettext_lazy("It is gone, and nothing of it is left in AWS."),
}


_VISITOR_SENTENCES: dict[str, str | Promise] = _BRANCH_SENTENCES | {
    BranchState.BUILDING: gettext_lazy("It is being built."),
    BranchState.DEPLOYING: gettext_lazy("It is starting, and is then checked."),
    BranchState.LIVE: gettext_lazy("It is running, but does not answer at the moment."),
    BranchState.FAILED: gettext_lazy("It could not be deployed."),
    BranchState.ASLEEP: gettext_lazy("It sleeps to save money."),
    BranchState.DESTROYED: gettext_lazy("This preview was taken down."),
}


def visitor_sentence(branch: Branch) -> str:
    """The branch's state for somebody who opened the preview and does not see it."""
    if waits_only(branch):
        return _("It comes from a fork. Somebody of the team has to approve it before it is built.")
    if branch.deployment is not None and branch.deployment.awaits_images:
        return for_images()
    if place := standing(branch.deployment):
        return _("It is number %(position)d in the queue.") % {"position": place.position}
    return _cancelled(branch) or str(_VISITOR_SENTENCES[branch.state])


def sentence(branch: Branch) -> str:
    """The branch's state as a person would say it."""
    if waits_only(branch):
        return waiting_sentence(branch)
    said = place_of(branch.deployment) or _cancelled(branch)
    said = said or str(_BRANCH_SENTENCES[branch.state])
    if branch.live_id is not None and branch.live_id != branch.deployment_id:
        said += " " + _("The version before is still being served.")
    if branch.waiting_for:
        commit = branch.waiting_commit[:7]
        said += " " + _("A newer commit, %s, waits for an approval.") % commit
    return said


def place_of(deployment: Deployment | None) -> str:
    """What a deployment waits for, and where it stands; empty once it does not wait."""
    if deployment is not None and deployment.awaits_images:
        told = _("If none come, run the workflow of this commit again.")
        return f"{for_images()} {told}"
    place = standing(deployment)
    return queued(place) if place else ""


def queued(place: Standing) -> str:
    """Where a deployment stands in the queue, and what it waits for."""
    number = _("It is number %(position)d in the queue.") % {"position": place.position}
    return f"{number} {place.waiting_for}"


def _cancelled(branch: Branch) -> str:
    newest = branch.deployment
    if branch.state != BranchState.FAILED or newest is None:
        return ""
    is_cancelled = newest.state == DeploymentState.CANCELLED
    return _("Its deployment was cancelled.") if is_cancelled else ""


_TRIGGERS: dict[str, str | Promise] = {
    Deployment.Trigger.PUSH: gettext_lazy("push"),
    Deployment.Trigger.PULL_REQUEST: gettext_lazy("pull request"),
    Deployment.Trigger.REDEPLOY: gettext_lazy("redeploy"),
    Deployment.Trigger.FOUND: gettext_lazy("found by comparing"),
    Deployment.Trigger.REPAIR: gettext_lazy("repair"),
    Deployment.Trigger.COMMIT: gettext_lazy("chosen commit"),
    Deployment.Trigger.ROLLBACK: gettext_lazy("rollback"),
    Deployment.Trigger.APPROVAL: gettext_lazy("approval"),
}


def reason(text: str) -> str:
    """Why something moved, in one line; where nobody said more, what made it happen."""
    return str(_TRIGGERS[text]) if text in _TRIGGERS else wording.worded(text)


def trigger(deployment: Deployment) -> str:
    """What made the deployment happen."""
    return str(_TRIGGERS.get(deployment.trigger, deployment.trigger))


def state_label(state: str) -> str:
    """The word for a state of either kind; a state nobody knows stays as it is."""
    for kind in (DeploymentState, BranchState):
        if state in kind.values:
            return str(kind(state).label)
    return state


def web_address(url: str) -> str:
    """`url` where it is a link that may be shown, otherwise nothing."""
    return url if url.startswith(("https://", "http://")) else ""


def commit_address(repository: Repository, commit: str) -> str:
    """Where the repository's host shows a commit; empty where that has no pages."""
    return hub_address(repository, f"commit/{commit}")


def hub_address(repository: Repository, path: str) -> str:
    """A page of the repository at its host; empty where that has none."""
    return hosts.of(repository).page(repository, path)


def avatar_address(url: str) -> str:
    return url if url.startswith(AVATARS) else ""


def failure(cause: str, error: str) -> str:
    """A failure in a few words: its kind where that is known, otherwise the error's first line."""
    is_known = cause in Cause.values and cause != Cause.OTHER
    return str(Cause(cause).label) if is_known else first_line(error)


def first_line(text: str) -> str:
    return text.strip().partition("\n")[0]

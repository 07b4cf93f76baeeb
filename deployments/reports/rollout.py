"""What has become of a deployment, in the words of GitHub's Deployments API."""

from typing import NamedTuple

from ..config import config
from ..diagnosis import words
from ..models import Deployment
from ..states import ACTIVE, DeploymentState, Wanted
from .facts import log_url

#: GitHub takes no longer descriptions.
_MOST = 140
_S = DeploymentState


class Rollout(NamedTuple):
    state: str
    description: str
    environment_url: str
    log_url: str

    @property
    def is_final(self) -> bool:
        return self.state == "inactive"


def environment(deployment: Deployment) -> str:
    """What GitHub calls the preview."""
    return f"preview/{deployment.branch.slug}"


def task(deployment: Deployment) -> str:
    """What its deployment is found by at GitHub."""
    return f"edaha:{config().installation}:{deployment.pk}"


def of(deployment: Deployment) -> Rollout:
    """What GitHub is to show of it; all but what is served and what is newest are inactive."""
    state, description = _state(deployment)
    url = deployment.branch.url if state == "success" else ""
    return Rollout(state, description[:_MOST], url, log_url(deployment))


def _state(deployment: Deployment) -> tuple[str, str]:
    branch, state = deployment.branch, DeploymentState(deployment.state)
    is_newest = branch.deployment_id == deployment.pk
    if branch.wanted == Wanted.ABSENT:
        return "inactive", "The preview was destroyed"
    if branch.live_id == deployment.pk:
        return "success", "Live"
    # One that was overtaken may go on for a moment, until its worker notices.
    if state in ACTIVE and is_newest:
        is_queued = state == _S.QUEUED
        return ("queued" if is_queued else "in_progress"), str(state.label)
    if state == _S.FAILED and is_newest:
        return _failed(deployment)
    if state == _S.CANCELLED:
        return "inactive", "Cancelled"
    return "inactive", "A newer deployment came"


def _failed(deployment: Deployment) -> tuple[str, str]:
    said = words(deployment)
    return ("error" if said.is_platforms else "failure"), said.what

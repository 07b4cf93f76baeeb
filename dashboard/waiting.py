"""Where deployments that wait stand: one look serves every page and caller for a second."""

from threading import Lock
from time import monotonic

from deployments.models import Deployment
from deployments.pipeline import queue, waiting
from deployments.pipeline.queue import Standing
from deployments.states import DeploymentState

_SECONDS = 1.0


class _Looks:
    def __init__(self) -> None:
        self._lock = Lock()
        self.forget()

    def forget(self) -> None:
        self._at = -_SECONDS
        self._known: dict[int, Standing] = {}

    def standing(self, deployment: Deployment) -> Standing | None:
        with self._lock:
            # Whoever came after the look is not in it yet.
            if monotonic() - self._at >= _SECONDS or deployment.pk not in self._known:
                self._known, self._at = queue.standings(), monotonic()
            return self._known.get(deployment.pk)


looks = _Looks()


def waiting_sentence(deployment: Deployment | None) -> str:
    """What a deployment waits for; empty once it does not wait."""
    if deployment is not None and deployment.awaits_images:
        return waiting.for_images()
    place = standing(deployment)
    return place.waiting_for if place else ""


def standing(deployment: Deployment | None) -> Standing | None:
    """Its place in the queue, at most a second old; None once it does not wait."""
    if deployment is None or deployment.state != DeploymentState.QUEUED:
        return None
    if deployment.awaits_images:
        return None
    return looks.standing(deployment)

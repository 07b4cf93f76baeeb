"""What a failed deployment failed of: found in its log at the moment when it fails."""

from collections.abc import Iterator

import structlog

from ..causes import Cause
from ..diagnosis import Diagnosis, Line, diagnose
from ..errors import EdahaError
from ..models import BuildStep, Deployment, LogChunk
from ..states import DeploymentState

log = structlog.get_logger(__name__)

#: Of a longer log its end is read: where a step fails, the build is over.
_LINES = 50_000
#: Failures before anything is built or run: no line tells more than the message itself.
_WITHOUT_LINE = frozenset({Cause.DEFINITIONS, Cause.GIT, Cause.LIMIT, Cause.INSIDE})


def explain(deployment: Deployment, problem: EdahaError) -> Diagnosis:
    """Never raises, since the failure itself matters more; a silent log leaves the line open."""
    try:
        found = _explain(deployment, problem)
        return found._replace(line=None) if found.cause in _WITHOUT_LINE else found
    except Exception:
        log.exception("failure_not_explained", deployment=deployment.pk)
        return Diagnosis(problem.cause or Cause.OTHER, None)


def _explain(deployment: Deployment, problem: EdahaError) -> Diagnosis:
    # Those beside the step that failed were cancelled because of it.
    failed = deployment.steps.exclude(error="").exclude(error__contains="cancel").first()
    if deployment.state != DeploymentState.BUILDING or failed is None:
        return diagnose(problem.message, _lines(deployment), cause=problem.cause)
    message = f"{problem.message} {failed.error}"
    found = diagnose(message, _lines_of(failed), cause=problem.cause, step=failed.number)
    # Of a step that printed nothing, such as COPY, BuildKit itself says what is wrong.
    return found if found.line else diagnose(message, _lines(deployment), cause=found.cause)


def _lines_of(step: BuildStep) -> Iterator[Line]:
    """Not what a step of the same number printed in an earlier try, which was interrupted."""
    since = step.started_at.timestamp() - 1 if step.started_at else 0
    return _lines(step.deployment, since)


def _lines(deployment: Deployment, since: float = 0) -> Iterator[Line]:
    chunks = LogChunk.objects.filter(deployment=deployment).order_by("first")
    last = chunks.last()
    if last is None:
        return
    for chunk in chunks.filter(first__gt=last.last - _LINES).iterator(chunk_size=20):
        for number, (at, step, text) in enumerate(chunk.lines, start=chunk.first):
            if at >= since:
                yield Line(number, step, text)

"""What a failed deployment failed of: found in its log at the moment when it fails."""

from django.db.models import QuerySet

from ..causes import Cause
from ..diagnosis import Diagnosis, Line, diagnose
from ..errors import EdahaError
from ..models import Deployment, LogChunk
from ..states import DeploymentState

#: Of a longer log only the end is read: where a step fails, the build is over.
_CHUNKS = 200


def explain(deployment: Deployment, problem: EdahaError) -> Diagnosis:
    """Best effort: a log that says nothing leaves the line open."""
    if deployment.state != DeploymentState.BUILDING:
        return diagnose(problem.message, _lines(deployment), cause=problem.cause)
    failed = deployment.steps.exclude(error="").order_by("-number").first()
    if failed is None:
        return Diagnosis(problem.cause or diagnose(problem.message, ()).cause, None)
    found = diagnose(
        f"{problem.message} {failed.error}",
        _lines(deployment),
        cause=problem.cause,
        step=failed.number,
    )
    return found if problem.cause != Cause.DEFINITIONS else found._replace(line=None)


def _lines(deployment: Deployment) -> list[Line]:
    newest: QuerySet[LogChunk] = deployment.chunks.order_by("-first")
    return [
        Line(number, step, text)
        for chunk in reversed(newest[:_CHUNKS])
        for number, (_at, step, text) in enumerate(chunk.lines, start=chunk.first)
    ]

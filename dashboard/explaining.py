"""A failure in words that help: what happened, whose it is to mend, what to do, and where it says
so."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.functional import Promise

from deployments.causes import Cause
from deployments.diagnosis import words
from deployments.models import Deployment
from deployments.states import DeploymentState

from . import loglines
from .ansi import to_text

#: As much of the log as one reads at a glance: characters of a line, and lines with what follows.
_QUOTED, _FOLLOWING = 300, 2
#: Of a failure that nothing tells: as many of the log's last lines, looked for among some more.
_LAST, _LOOKED_AT = 6, 40
#: How lines begin in which Edaha tells the failure itself.
_OWN = "✗ "
#: Where the command that failed may have printed what no pattern knows.
_PRINTING = frozenset({Cause.DOCKERFILE, Cause.CRASH, Cause.HOOK, Cause.OTHER})


class Quoted(NamedTuple):
    """A line of the log, as it is quoted."""

    number: int
    text: str


class Explanation(NamedTuple):
    what: str
    whose: str
    steps: Sequence[str | Promise]
    #: The log's line that tells it, and what follows it; empty where none does.
    quote: Sequence[Quoted]
    #: The log's last lines, where no line is known to tell it.
    last: Sequence[Quoted]
    #: In the words of whoever failed.
    message: str
    hint: str


def explain(deployment: Deployment | None) -> Explanation | None:
    """None for a deployment that did not fail."""
    if deployment is None or deployment.state != DeploymentState.FAILED:
        return None
    said = words(deployment)
    quote = _quote(deployment)
    is_untold = not quote and said.cause in _PRINTING
    return Explanation(
        said.what,
        said.whose,
        said.steps,
        quote,
        _last_lines(deployment) if is_untold else (),
        deployment.error,
        deployment.hint,
    )


def _quote(deployment: Deployment) -> list[Quoted]:
    if not deployment.error_line:
        return []
    first = deployment.error_line
    found = loglines.lines(deployment.pk, first, 1 + _FOLLOWING)
    step = found[0][1] if found else 0
    same = [
        Quoted(number, to_text(text).rstrip()[:_QUOTED])
        for number, (_at, of, text) in enumerate(found, start=first)
        if of == step and not text.startswith(_OWN)
    ]
    return [line for line in same if line.text.strip()]


def _last_lines(deployment: Deployment) -> list[Quoted]:
    first = max(1, loglines.last_number(deployment.pk) - _LOOKED_AT)
    found = []
    for number, (_at, _step, text) in enumerate(
        loglines.lines(deployment.pk, first, _LOOKED_AT + 1), start=first
    ):
        if text.startswith(_OWN):
            break
        if text.strip():
            found.append(Quoted(number, to_text(text).rstrip()[:_QUOTED]))
    return found[-_LAST:]

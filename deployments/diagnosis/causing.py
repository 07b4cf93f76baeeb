"""What kind of failure it is, where only the texts of others tell: BuildKit's and ECS's messages,
and what build tools and applications print."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..causes import Cause
from .lines import Line, first_error

#: What a message has in it; the first that fits counts. Sources of the wordings: BuildKit's and
#: containerd's errors, and ECS's stopped reasons
#: (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html).
_MESSAGES: tuple[tuple[Cause, str], ...] = (
    (Cause.MISSING_SECRET, r"ResourceInitializationError.*(secret|ssm|parameter)"
                           r"|secret .*not found|unable to (pull|retrieve) secrets?"
                           r"|did not contain json key|invalid ssm parameters"),
    (Cause.IMAGE_PLATFORM, r"exec format error|another CPU architecture|no match for platform"
                           r"|image Manifest does not contain descriptor matching platform"),
    (Cause.BASE_IMAGE, r"load metadata for|pull access denied|manifest unknown"
                       r"|failed to resolve source metadata|toomanyrequests|insufficient_scope"
                       r"|unexpected status from (HEAD|GET) request"),
    (Cause.IMAGE_PULL, r"CannotPullContainer|pull image manifest|image .* not found"),
    (Cause.MEMORY, r"OutOfMemory|exit code:? 137|with code 137|cannot allocate memory"
                   r"|signal: killed|heap out of memory|ResourceExhausted"),
    (Cause.MISSING_FILE, r"(COPY|ADD) .*not found|failed to (compute cache key|calculate checksum)"
                         r"|no such file or directory"),
    (Cause.HEALTH_CHECK, r"failed container health checks|health check"),
    (Cause.CAPACITY, r"unable to place a task|RESOURCE:|Capacity is unavailable"
                     r"|insufficient (capacity|memory|cpu)|no space left on device"
                     r"|limit on the number of .*vCPUs|No Container Instances"),
    (Cause.PERMISSION, r"AccessDenied|not authorized|unable to assume|cannot be assumed"),
    (Cause.TIME, r"took longer than|deadline exceeded|timed out"),
    (Cause.CRASH, r"exited by itself|EssentialContainerExited|tasks failed to start"
                  r"|CannotStartContainer|ContainerRuntimeError"),
    (Cause.DOCKERFILE, r"dockerfile parse error|could not be built|did not complete successfully"
                       r"|failed to solve|unknown instruction"),
)  # fmt: skip
_KNOWN_MESSAGES = tuple((cause, re.compile(text, re.IGNORECASE)) for cause, text in _MESSAGES)

#: How lines begin in which Edaha repeats what others said.
_INDENT = "  "
_QUOTED = (_INDENT, "ERROR: ", "ECS: ")


class Diagnosis(NamedTuple):
    cause: Cause
    #: The number of the line that tells the error; None where no line does.
    line: int | None


def diagnose(
    message: str, lines: Iterable[Line], *, cause: Cause | None = None, step: int | None = None
) -> Diagnosis:
    """`step` is the one that failed, and `lines` are the log's, in order.

    Without a failed step, what Edaha quotes counts: containers, which it indents, BuildKit, ECS.
    """
    line = first_error(_evidence(lines, step))
    texts = [message, line.text if line else ""]
    known = cause or next(filter(None, map(_cause_of, texts)), None) or Cause.OTHER
    if known in (Cause.DOCKERFILE, Cause.CRASH) and line:
        # What was printed may tell more than the exit code.
        known = _better(known, _cause_of(line.text))
    return Diagnosis(known, line.number if line else None)


def _evidence(lines: Iterable[Line], step: int | None) -> Iterator[Line]:
    for line in lines:
        if step is not None and line.step == step:
            yield line
        elif step is None and line.step == 0 and line.text.startswith(_QUOTED):
            yield line._replace(text=line.text.removeprefix(_INDENT))


def _cause_of(text: str) -> Cause | None:
    return next((cause for cause, known in _KNOWN_MESSAGES if known.search(text)), None)


def _better(known: Cause, told: Cause | None) -> Cause:
    """Only what says more than that something failed; a file that an application misses while it
    runs is its own business."""
    more = {Cause.MEMORY, Cause.IMAGE_PLATFORM}
    return told if told in more else known

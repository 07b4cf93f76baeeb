"""What a failure is, and which line of the log tells it. Pure.

An error that Edaha raises knows its cause; here is what only the texts of others tell: BuildKit's
and ECS's messages, and what build tools and applications print.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from .causes import Cause

#: What a message has in it; the first that fits counts. Sources of the wordings: BuildKit's and
#: containerd's errors, and ECS's stopped reasons
#: (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html).
_MESSAGES: tuple[tuple[Cause, str], ...] = (
    (Cause.MISSING_SECRET, r"ResourceInitializationError.*(secret|ssm|parameter)"
                           r"|secret .*not found|unable to (pull|retrieve) secrets?"),
    (Cause.IMAGE_PLATFORM, r"exec format error|another CPU architecture|no match for platform"
                           r"|image Manifest does not contain descriptor matching platform"),
    (Cause.BASE_IMAGE, r"load metadata for|pull access denied|manifest unknown"
                       r"|failed to resolve source metadata|toomanyrequests"),
    (Cause.IMAGE_PULL, r"CannotPullContainer|pull image manifest|image .* not found"),
    (Cause.MEMORY, r"OutOfMemory|exit code:? 137|with code 137|cannot allocate memory"
                   r"|signal: killed|heap out of memory|ResourceExhausted"),
    (Cause.MISSING_FILE, r"(COPY|ADD) .*not found|failed to (compute cache key|calculate checksum)"
                         r"|no such file or directory"),
    (Cause.HEALTH_CHECK, r"failed container health checks|health check"),
    (Cause.CAPACITY, r"unable to place a task|RESOURCE:|Capacity is unavailable"
                     r"|insufficient (capacity|memory|cpu)"),
    (Cause.PERMISSION, r"AccessDenied|not authorized|is unable to assume"),
    (Cause.TIME, r"took longer than|deadline exceeded|timed out"),
    (Cause.CRASH, r"exited by itself|EssentialContainerExited|tasks failed to start"
                  r"|CannotStartContainer|ContainerRuntimeError"),
    (Cause.DOCKERFILE, r"dockerfile parse error|could not be built|did not complete successfully"
                       r"|failed to solve|unknown instruction"),
)  # fmt: skip
_KNOWN_MESSAGES = tuple((cause, re.compile(text, re.IGNORECASE)) for cause, text in _MESSAGES)

#: How tools begin the line that tells the error.
_ERRORS = re.compile(
    r"""
      \berror\s*(\[\w+\]|\s[A-Z]{2,}\d+)?\s*:   # compilers: error TS2345: error[E0425]:
    | ^\s*(npm\s(err!|error)|\[error\]|err!|error:?|e:|fatal:|fatal\serror|panic:|fail(ed)?:?)\s
    | ^\s*[\w.]*[a-z](error|exception)(:|$)   # Python, Ruby, Java, JavaScript
    | ^exception\sin\sthread | \bunhandled\s(exception|rejection)
    | ^\s*[×✗✖✘]\s | ^---\sfail: | ^make(\[\d+\])?:\s\*\*\*
    | \b(cannot|could\snot|can't|unable\sto)\s(find|resolve|open|load|connect|locate|import)\b
    | :\s(command\s)?not\sfound$ | no\ssuch\sfile\sor\sdirectory | permission\sdenied
    | cannot\sfind\s(module|package) | undefined\sreference | syntax\serror
    | requirements\scould\snot\sbe\sresolved | no\smatching\s(distribution|version|manifest)
    | out\sof\smemory | exec\sformat\serror | address\salready\sin\suse | connection\srefused
    """,
    re.IGNORECASE | re.VERBOSE,
)
#: What looks like an error and is none.
_HARMLESS = re.compile(
    r"\b0\s(errors?|failed|failures)\b|\bno\serrors?\b|\bwarn(ing)?\b|deprecat|debconf:"
    r"|\berrors?\s*[=:]\s*(0|none|false|null)\b|^npm\snotice|lifecycle\sscript",
    re.IGNORECASE,
)
_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|.)|[\x00-\x08\x0b-\x1f]")
#: Longer lines are not read to their end.
_LONGEST = 2_000


class Line(NamedTuple):
    number: int
    #: The step that printed it; 0 is Edaha's own voice.
    step: int
    text: str


class Diagnosis(NamedTuple):
    cause: Cause
    #: The number of the line that tells the error; None where no line does.
    line: int | None


def diagnose(
    message: str, lines: Iterable[Line], *, cause: Cause | None = None, step: int | None = None
) -> Diagnosis:
    """`step` is the one that failed, and `lines` are the log's, in order.

    Without a failed step, the containers' last words count: Edaha's lines that begin with spaces.
    """
    told = [each for each in lines if _is_evidence(each, step)]
    line = first_error(told)
    texts = [message, line.text if line else ""]
    known = cause or next(filter(None, map(_cause_of, texts)), None) or Cause.OTHER
    if known in (Cause.DOCKERFILE, Cause.CRASH) and line:
        # What was printed may tell more than the exit code.
        known = _better(known, _cause_of(line.text))
    return Diagnosis(known, line.number if line else None)


def first_error(lines: Iterable[Line]) -> Line | None:
    """The first line that tells an error; otherwise the last one that says anything."""
    last = None
    for line in lines:
        text = plain(line.text)
        if not text.strip():
            continue
        if _ERRORS.search(text) and not _HARMLESS.search(text):
            return line
        last = line
    return last


def plain(text: str) -> str:
    """Without colours and other escape sequences."""
    return _ESCAPES.sub("", text[:_LONGEST])


def _is_evidence(line: Line, step: int | None) -> bool:
    if step is not None:
        return line.step == step
    return line.step == 0 and line.text.startswith("  ")


def _cause_of(text: str) -> Cause | None:
    return next((cause for cause, known in _KNOWN_MESSAGES if known.search(text)), None)


def _better(known: Cause, told: Cause | None) -> Cause:
    """Only what says more than that something failed; a file that an application misses while it
    runs is its own business."""
    more = {Cause.MEMORY, Cause.IMAGE_PLATFORM}
    return told if told in more else known

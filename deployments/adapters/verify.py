"""Ask AWS for everything that definitions name, at once, before the slow part begins."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from ..definitions.problems import DefinitionError, Problem
from ..errors import PlatformError, UserError
from .aws import Denied
from .checks import CHECKS, SUBJECTS, Finding
from .needs import Asked, Need, needs

__all__ = ["Asked", "verify"]

#: What was all right is not asked for again for so long.
_REMEMBERED_SECONDS = 60.0
#: AWS may be slow, or not reachable at all for some services: nobody waits longer for it.
_PATIENCE_SECONDS = 15.0

_pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="verify")
_passed: dict[tuple[Need, ...], float] = {}

Batch = tuple[Need, ...]


def verify(asked: Asked) -> list[str]:
    """Raises DefinitionError with every problem; returns what could not be checked, as notes.

    That AWS does not let the workers look is no problem: the deployment may work all the same.
    """
    now = time.monotonic()
    batches = [batch for batch in _batches(needs(asked)) if not _passed_lately(batch, now)]
    under_way = {_pool.submit(_check, batch): batch for batch in batches}
    wait(under_way, timeout=_PATIENCE_SECONDS)
    findings = [(batch, _outcome(future, batch)) for future, batch in under_way.items()]
    _passed.update({batch: now for batch, found in findings if not found})
    every = [finding for _, found in findings for finding in found]
    problems = [_problem(asked, each) for each in every if each.is_problem]
    if problems:
        raise DefinitionError(problems)
    return list(dict.fromkeys(_text(each) for each in every))


def _batches(wanted: Sequence[Need]) -> Iterator[Batch]:
    """What one call answers: all parameters, and everything else by itself."""
    parameters = tuple(need for need in wanted if need.kind == "parameter")
    if parameters:
        yield parameters
    yield from ((need,) for need in wanted if need.kind != "parameter")


def _passed_lately(batch: Batch, now: float) -> bool:
    for old in [each for each, when in _passed.items() if now - when >= _REMEMBERED_SECONDS]:
        _passed.pop(old, None)
    return batch in _passed


def _check(batch: Batch) -> list[Finding]:
    try:
        return list(CHECKS[batch[0].kind](batch))
    except UserError as problem:
        return [Finding(batch[0], problem.message, problem.hint)]
    except PlatformError as problem:
        return _not_checked(batch, problem)


def _not_checked(batch: Batch, problem: PlatformError) -> list[Finding]:
    # Nobody needs the quotas' service where it is not; a missing permission is worth knowing.
    if batch[0].kind == "vcpu" and not isinstance(problem, Denied):
        return []
    return [Finding(batch[0], _unchecked(batch, problem.message), problem.hint, is_problem=False)]


def _outcome(future: "Future[list[Finding]]", batch: Batch) -> list[Finding]:
    if future.done():
        return future.result()
    future.cancel()
    return [Finding(batch[0], _unchecked(batch, "AWS took too long."), is_problem=False)]


def _unchecked(batch: Batch, why: str) -> str:
    names = ", ".join(need.name for need in batch)
    return f"Not checked: {SUBJECTS[batch[0].kind]} {names}. {why}"


def _problem(asked: Asked, finding: Finding) -> Problem:
    return Problem(asked.source, None, _text(finding), finding.hint)


def _text(finding: Finding) -> str:
    return f"{finding.need.asking}: {finding.message}"

"""What is wrong with an application's own files, told by file and line, all at once."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from ..causes import Cause
from ..errors import UserError
from .characters import storable


@dataclass(frozen=True)
class Problem:
    """One mistake: `file` is a path in the repository, `line` counts from 1 where it is known."""

    file: str
    line: int | None
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.message}" if where else self.message


class DefinitionError(UserError):
    """The application's definitions cannot be used; `problems` has every reason found."""

    usual_cause = Cause.DEFINITIONS

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(map(_storable, problems))
        if len(self.problems) == 1:
            super().__init__(str(self.problems[0]), hint=self.problems[0].hint)
        else:
            super().__init__("\n".join(map(_with_hint, self.problems)))


def redacted(problems: Iterable[Problem], confidential: Collection[str]) -> list[Problem]:
    """The problems without what nobody shall read in them."""

    def clean(text: str) -> str:
        for value in sorted(confidential, key=len, reverse=True):
            text = text.replace(value, "••••••")
        return text

    return [
        replace(problem, message=clean(problem.message), hint=clean(problem.hint))
        for problem in problems
    ]


def _storable(problem: Problem) -> Problem:
    """Messages quote what was written, and are kept, though what was written cannot be."""
    return replace(
        problem,
        file=storable(problem.file),
        message=storable(problem.message),
        hint=storable(problem.hint),
    )


def _with_hint(problem: Problem) -> str:
    return f"{problem}\n    {problem.hint}" if problem.hint else str(problem)


def refuse(file: str, message: str, *, line: int | None = None, hint: str = "") -> DefinitionError:
    """The error for a single problem: `raise refuse("edaha.yml", "…", line=3)`."""
    return DefinitionError([Problem(file, line, message, hint)])

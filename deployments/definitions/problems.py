"""What is wrong with an application's own files, told by file and line, all at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import UserError


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

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        hints = dict.fromkeys(problem.hint for problem in self.problems if problem.hint)
        super().__init__("\n".join(map(str, self.problems)), hint="\n".join(hints))


def refuse(file: str, message: str, *, line: int | None = None, hint: str = "") -> DefinitionError:
    """The error for a single problem: `raise refuse("edaha.yml", "…", line=3)`."""
    return DefinitionError([Problem(file, line, message, hint)])

"""`edaha`: how it begins, and how it ends."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from . import commands, completion, options
from .errors import FINE, INTERRUPTED, CommandError
from .safe import harmless


def main() -> NoReturn:
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(file=sys.stderr)
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever read has seen enough; what is still held must not be written at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FINE
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Do what they say, and give the exit code."""
    if list(arguments[:1]) == [completion.ASK]:
        print("\n".join(completion.branches()))
        return FINE
    parser = options.make_parser()
    given = parser.parse_args(arguments)
    if given.command == "completion":
        print(completion.script(given.shell, parser), end="")
        return FINE
    try:
        done: int = given.does(commands.Here(given))
    except CommandError as problem:
        said = f"edaha: {harmless(problem.message)}"
        print(said, *filter(None, [harmless(problem.hint)]), sep="\n  ", file=sys.stderr)
        return problem.code
    return done

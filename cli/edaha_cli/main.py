"""`edaha`: its options, and how it ends."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from . import commands, completion
from .errors import FINE, INTERRUPTED, CommandError
from .following import EVERY_SECONDS
from .safe import harmless

_CODES = """exit codes: 0 fine, 1 the deployment failed, 2 usage, 3 no such preview,
4 not signed in or not allowed, 5 the server does not answer"""


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
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.command == "completion":
        print(completion.script(options.shell, parser), end="")
        return FINE
    try:
        done: int = options.does(commands.Here(options))
    except CommandError as problem:
        said = f"edaha: {harmless(problem.message)}"
        print(said, *filter(None, [harmless(problem.hint)]), sep="\n  ", file=sys.stderr)
        return problem.code
    return done


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="edaha",
        description="The preview of the branch that you stand in.",
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, does: Callable[[commands.Here], int], text: str) -> argparse.ArgumentParser:
        part: argparse.ArgumentParser = parts.add_parser(name, help=text, description=text)
        part.set_defaults(does=does)
        part.add_argument("--server", metavar="URL", help="EDAHA_SERVER, or git's edaha.server")
        return part

    add("login", commands.login, "Keep a token for this server.")
    part = _of_branch(add("status", commands.status, "How the preview is."))
    part = _of_branch(add("open", commands.open_, "Open the preview in a browser."), json=False)
    part.add_argument("--print", action="store_true", help="only print its address")
    part = _of_branch(add("logs", commands.logs, "The newest deployment's log."))
    part.add_argument("-f", "--follow", action="store_true", help="until the deployment ends")
    _every(part)
    part = _waits(_of_branch(add("redeploy", commands.redeploy, "Deploy again, and wait.")))
    part.add_argument("--no-cache", action="store_true", help="build everything anew")
    part.add_argument("--no-wait", action="store_true", help="do not wait for its end")
    _waits(_of_branch(add("wait", commands.wait, "Wait until the deployment has ended.")))
    part = _of_branch(add("destroy", commands.destroy, "Destroy the preview."))
    part.add_argument("--yes", action="store_true", help="do not ask")
    part = _of_branch(add("list", commands.list_, "The repository's previews."), branch=False)
    part.add_argument("--all", action="store_true", help="of all repositories")
    shells = parts.add_parser("completion", help="A script that completes what you type.")
    shells.add_argument("shell", choices=completion.SHELLS)
    return parser


def _of_branch(
    part: argparse.ArgumentParser, *, branch: bool = True, json: bool = True
) -> argparse.ArgumentParser:
    part.add_argument("--repository", metavar="OWNER/NAME", help="else that of git's remote")
    if branch:
        part.add_argument("--branch", metavar="NAME", help="else the one that is checked out")
    if json:
        part.add_argument("--json", action="store_true", help="as the API tells it")
    return part


def _waits(part: argparse.ArgumentParser) -> argparse.ArgumentParser:
    part.add_argument("--commit", metavar="HASH", help="of this commit, else of the newest")
    part.add_argument("--timeout", metavar="SECONDS", type=float, default=1800.0)
    return _every(part)


def _every(part: argparse.ArgumentParser) -> argparse.ArgumentParser:
    part.add_argument(
        "--every", metavar="SECONDS", type=float, default=EVERY_SECONDS, help="between looks"
    )
    return part

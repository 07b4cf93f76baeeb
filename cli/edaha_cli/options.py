"""The subcommands and their options."""

import argparse
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from . import commands, completion
from .following import EVERY_SECONDS

Part = argparse.ArgumentParser

_CODES = """exit codes: 0 fine, 1 the deployment failed, 2 usage, 3 no such preview,
4 not signed in or not allowed, 5 the server does not answer"""


def make_parser() -> Part:
    parser = Part(
        prog="edaha",
        description="The preview of the branch that you stand in.",
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"edaha {_version()}")
    parts = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, does: Callable[[commands.Here], int], text: str) -> Part:
        part: Part = parts.add_parser(name, help=text, description=text)
        part.set_defaults(does=does)
        part.add_argument("--server", metavar="URL", help="EDAHA_SERVER, or git's edaha.server")
        return part

    _add_signing_in(add)
    _add_reading(add)
    _add_wishes(add)
    shells = parts.add_parser("completion", help="A script that completes what you type.")
    shells.add_argument("shell", choices=completion.SHELLS)
    return parser


Add = Callable[[str, Callable[[commands.Here], int], str], Part]


def _add_signing_in(add: Add) -> None:
    part = add("login", commands.login, "Sign in, by comparing a code in a browser.")
    part.add_argument("--token", action="store_true", help="type a token instead")
    part.add_argument("--no-browser", action="store_true", help="only say which page to open")
    add("logout", commands.logout, "End the token, and forget it.")


def _add_reading(add: Add) -> None:
    part = _of_branch(add("status", commands.status, "How the preview is."))
    part.add_argument(
        "--exit-code", action="store_true", help="6 while it is on its way, 3 once it is destroyed"
    )
    part = _of_branch(add("open", commands.open_, "Open the preview in a browser."), json=False)
    part.add_argument("--print", action="store_true", help="only print its address")
    part = _of_branch(add("logs", commands.logs, "The newest deployment's log."))
    part.add_argument("-f", "--follow", action="store_true", help="until the deployment ends")
    part.add_argument(
        "--every", metavar="SECONDS", type=_seconds, default=0.0, help="ask, without a stream"
    )
    _waits(_of_branch(add("wait", commands.wait, "Wait until the deployment has ended.")))
    part = _of_branch(add("list", commands.list_, "The repository's previews."), branch=False)
    part.add_argument("--all", action="store_true", help="of all repositories")


def _add_wishes(add: Add) -> None:
    part = _made(add("redeploy", commands.redeploy, "Deploy again, and wait."))
    part.add_argument("--no-cache", action="store_true", help="build everything anew")
    part = _made(add("rollback", commands.rollback, "Bring an earlier deployment back."), False)
    part.add_argument("--to", metavar="ID", type=_number, help="else the last one that was live")
    _reason(_of_branch(add("cancel", commands.cancel, "Cancel the newest deployment.")))
    _reason(_of_branch(add("pin", commands.pin, "Keep the preview until somebody unpins it.")))
    _reason(_of_branch(add("unpin", commands.unpin, "Let the preview's time begin anew.")))
    _of_branch(add("extend", commands.extend, "Count the preview's time anew."))
    part = _reason(_of_branch(add("destroy", commands.destroy, "Destroy the preview.")))
    part.add_argument("--yes", action="store_true", help="do not ask")


def _made(part: Part, has_commit: bool = True) -> Part:
    part = _reason(_waits(_of_branch(part), has_commit))
    part.add_argument("--no-wait", action="store_true", help="do not wait for its end")
    return part


def _reason(part: Part) -> Part:
    part.add_argument("--reason", metavar="TEXT", default="", help="for the preview's history")
    return part


def _of_branch(part: Part, *, branch: bool = True, json: bool = True) -> Part:
    part.add_argument("--repository", metavar="OWNER/NAME", help="else that of git's remote")
    if branch:
        part.add_argument("--branch", metavar="NAME", help="else the one that is checked out")
    if json:
        part.add_argument("--json", action="store_true", help="as the API tells it")
    return part


def _waits(part: Part, has_commit: bool = True) -> Part:
    if has_commit:
        part.add_argument("--commit", metavar="HASH", help="of this commit, else of the newest")
    part.add_argument("--timeout", metavar="SECONDS", type=_seconds, default=1800.0)
    part.add_argument(
        "--every", metavar="SECONDS", type=_seconds, default=EVERY_SECONDS, help="between looks"
    )
    return part


def _seconds(text: str) -> float:
    if 0.05 <= (seconds := float(text)) <= 10**6:
        return seconds
    raise ValueError


def _number(text: str) -> int:
    if 1 <= (number := int(text)) < 2**63:
        return number
    raise ValueError


def _version() -> str:
    try:
        return version("edaha-cli")
    except PackageNotFoundError:
        return "(from its source)"

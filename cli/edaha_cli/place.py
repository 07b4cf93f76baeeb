"""Where one stands: the repository and the branch of the working directory, and the server."""

import os
import re
import subprocess
from urllib.parse import urlsplit

from .errors import Usage

_REMOTE = re.compile(r"[/:]([A-Za-z0-9-]+/[A-Za-z0-9._-]+?)(?:\.git)?/*$")
_NAME = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
_LOCAL = ("localhost", "127.0.0.1", "::1")


def server(given: str | None) -> str:
    """The option, `EDAHA_SERVER`, or git's `edaha.server`: without a slash at its end."""
    found = given or os.environ.get("EDAHA_SERVER", "") or _configured()
    if not found:
        raise Usage(
            "Which server?",
            "Set EDAHA_SERVER, or `git config --global edaha.server https://…`.",
        )
    try:
        parts = urlsplit(found.strip())
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        raise Usage(f"{found} is not a server's address.", "It begins with https://.") from None
    is_one = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    if not is_one or not has_port or parts.query or parts.fragment:
        raise Usage(f"{found} is not a server's address.", "It begins with https://.")
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise Usage(
            f"{found} would send your token for everybody to read.", "Use its https:// address."
        )
    return found.strip().rstrip("/")


def _configured() -> str:
    """A repository's own configuration may come along with a folder that somebody unpacked: it
    has no say about where EDAHA_TOKEN goes. Kept tokens go to nobody but their own server."""
    found = _git("config", "--show-scope", "--get", "edaha.server")
    scope, _, address = found.partition("\t")
    if scope in ("local", "worktree") and os.environ.get("EDAHA_TOKEN", "").strip():
        raise Usage(
            f"This repository's own configuration says edaha.server is {address}, and EDAHA_TOKEN "
            "goes only to a server that you name yourself.",
            "Set EDAHA_SERVER, or say --server.",
        )
    return address


def repository(given: str | None) -> str:
    """OWNER/NAME by the option, or of the remote that the branch follows."""
    if given:
        if not _NAME.fullmatch(given):
            raise Usage(f"{given} is no repository.", "Say --repository OWNER/NAME.")
        return given
    remote = _remote()
    address = _git("remote", "get-url", remote)
    found = _REMOTE.search(address)
    if not found:
        raise Usage(
            f"The remote {remote} names no repository: {_without_password(address)}",
            "Say --repository OWNER/NAME.",
        )
    return found[1]


def forks() -> tuple[str, ...]:
    """Whatever repositories git's remotes here name: one of them may be one's own fork."""
    addresses = [_git("remote", "get-url", name) for name in _git("remote").split()]
    return tuple(found[1] for each in addresses if (found := _REMOTE.search(each)))


def branch(given: str | None) -> str:
    """By the option, or the one that is checked out: by its name at the remote, if it has one."""
    if given:
        return given
    _check_clone()
    name = _here()
    if not name:
        commit = _git("rev-parse", "--short", "HEAD")
        what = f"HEAD is detached at {commit}" if commit else "none is checked out here"
        raise Usage(f"Which branch? {what}.", "Say --branch NAME, or `git switch` to one.")
    merged_to = _git("config", f"branch.{name}.merge").removeprefix("refs/heads/")
    return merged_to or name


def _remote() -> str:
    """The one that the branch follows, else `origin`, else the only one."""
    _check_clone()
    known, here = _git("remote").split(), _here()
    followed = _git("config", f"branch.{here}.remote") if here else ""
    for name in (followed, "origin"):
        if name in known:
            return name
    if len(known) == 1:
        return known[0]
    if known:
        raise Usage(
            f"Which repository? This clone has the remotes {', '.join(known)}.",
            "Say --repository OWNER/NAME, or let the branch follow one: `git branch -u`.",
        )
    raise Usage("Which repository? This clone has no remote.", "Say --repository OWNER/NAME.")


def _check_clone() -> None:
    if not _git("rev-parse", "--git-dir"):
        raise Usage(
            "Which repository? This is no clone of git.",
            "Go into one, or say --repository OWNER/NAME and --branch NAME.",
        )


def _here() -> str:
    return _git("symbolic-ref", "--short", "-q", "HEAD")


def _without_password(address: str) -> str:
    return re.sub(r"//[^/@]*@", "//", address)


def _git(*arguments: str) -> str:
    """What git says; empty where it says nothing, is not there, or this is no clone."""
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, errors="replace", check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""

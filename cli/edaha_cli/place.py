"""Where one stands: the repository and the branch of the working directory, and the server."""

import os
import re
import subprocess
from urllib.parse import urlsplit

from .errors import Usage

_REMOTE = re.compile(r"[/:]([A-Za-z0-9-]+/[A-Za-z0-9._-]+?)(?:\.git)?/?$")
_LOCAL = ("localhost", "127.0.0.1", "::1")


def server(given: str | None) -> str:
    """The option, `EDAHA_SERVER`, or git's `edaha.server`: without a slash at its end."""
    found = given or os.environ.get("EDAHA_SERVER", "") or _git("config", "edaha.server")
    if not found:
        raise Usage(
            "Which server?",
            "Set EDAHA_SERVER, or `git config --global edaha.server https://…`.",
        )
    parts = urlsplit(found.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise Usage(f"{found} is not a server's address.", "It begins with https://.")
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise Usage(
            f"{found} would send your token for everybody to read.", "Use its https:// address."
        )
    return found.strip().rstrip("/")


def repository(given: str | None) -> str:
    """OWNER/NAME by the option, or of the remote that the branch follows."""
    if given:
        return given
    branch_now = _git("symbolic-ref", "--short", "-q", "HEAD")
    remote = _git("config", f"branch.{branch_now}.remote") if branch_now else ""
    found = _REMOTE.search(_git("remote", "get-url", remote or "origin"))
    if not found:
        raise Usage(
            "Which repository? There is no remote of git here that names one.",
            "Go into a clone, or say --repository OWNER/NAME.",
        )
    return found[1]


def branch(given: str | None) -> str:
    """By the option, or the one that is checked out: by its name at the remote, if it has one."""
    if given:
        return given
    name = _git("symbolic-ref", "--short", "-q", "HEAD")
    if not name:
        raise Usage("Which branch? None is checked out here.", "Say --branch NAME.")
    merged_to = _git("config", f"branch.{name}.merge").removeprefix("refs/heads/")
    return merged_to or name


def _git(*arguments: str) -> str:
    """What git says; empty where it says nothing, is not there, or this is no clone."""
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, errors="replace", check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""

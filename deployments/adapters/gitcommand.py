"""How git is called: by argument lists, in an environment of its own. The repositories' folders.

What git is told never comes from a shell, and nothing that a repository contains may run.
"""

import fcntl
import os
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..causes import Cause
from ..config import config
from ..errors import PlatformError
from ..models import Repository
from .github import home, tokens
from .output import TooMuch, output_of

_TIMEOUT = 300
#: Bytes of output. The heads of a million branches fit, and the files of the largest repositories.
OUTPUT_MAX = 256 * 1024 * 1024
#: What asks the origin; everything else works on this machine, also while GitHub is away.
_REMOTE = {"fetch", "ls-remote"}

#: Nothing that a repository contains may run or reach elsewhere: no hooks, no file system
#: monitor, no LFS smudge filter, no submodules (CVE-2025-48384), no links out of .git.
_SAFETY = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "submodule.recurse=false",
    "filter.lfs.smudge=",
    "filter.lfs.process=",
    "filter.lfs.required=false",
    "protocol.version=2",
    "gc.auto=0",
    "advice.detachedHead=false",
    # Repositories on this machine belong to whoever made them; they are named by the operator.
    "safe.directory=*",
]


def repository_cache(repository: Repository) -> Path:
    # By id: no name that somebody chose becomes part of a path.
    return config().cache.absolute() / "repositories" / str(repository.pk)


@contextmanager
def locked(repository: Repository, name: str = "lock") -> Iterator[None]:
    folder = repository_cache(repository)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(
    repository: Repository,
    arguments: list[str],
    *,
    at: Path | None = None,
    place: dict[str, str] | None = None,
    timeout: int = _TIMEOUT,
) -> str:
    where = ["-C", str(at)] if at else []
    more = _towards(repository) if arguments[0] in _REMOTE else {}
    try:
        done = output_of(
            ["git", *where, *arguments],
            environment(more) | (place or {}),
            seconds=timeout,
            most=OUTPUT_MAX,
        )
    except TooMuch:
        raise PlatformError(
            f"git {arguments[0]} answered with more than {OUTPUT_MAX >> 20} MB.", cause=Cause.GIT
        ) from None
    except subprocess.TimeoutExpired:
        raise PlatformError(
            f"git {arguments[0]} took longer than {timeout} s.", retry=True, cause=Cause.GIT
        ) from None
    if done.code != 0:
        raise _explain(repository, arguments[0], done.err.decode(errors="replace"))
    return done.out.decode(errors="surrogateescape")


def has_commit(repository: Repository, mirror: Path, commit: str) -> bool:
    """Whether the mirror has it."""
    try:
        run(repository, ["cat-file", "-e", f"{commit}^{{commit}}"], at=mirror)
    except PlatformError:
        return False
    return True


def _towards(repository: Repository) -> dict[str, str]:
    """git's settings for a question to the origin."""
    # GitHub leads from a repository's old name to its new one. Others could lead to what only
    # this machine reaches.
    follow = "initial" if home.is_home_of(repository) else "false"
    return {"http.followRedirects": follow, **_authorization(repository)}


def _authorization(repository: Repository) -> dict[str, str]:
    """git's setting that signs in at the host; empty where nothing is there to do it.

    In its environment and not among its arguments, which others on the machine can read.
    """
    hub = f"{config().github_url.rstrip('/')}/"
    if not hub.startswith("https://") or not repository.clone_url.startswith(hub):
        return _credentials(repository)
    token = tokens.caller_for(repository, tokens.READING).token
    return _basic(hub, f"x-access-token:{token}") if token else {}


def _credentials(repository: Repository) -> dict[str, str]:
    """Those of the installation's settings for another host; git sends them nowhere else."""
    known = dict(entry.split("=", 1) for entry in config().git_credentials)
    fitting = [address for address in known if repository.clone_url.startswith(address)]
    address = max(fitting, key=len, default="")
    return _basic(address, known[address]) if address else {}


def _basic(address: str, user: str) -> dict[str, str]:
    basic = b64encode(user.encode()).decode()
    return {f"http.{address}.extraHeader": f"Authorization: Basic {basic}"}


def environment(more: dict[str, str] | None = None) -> dict[str, str]:
    """What git sees; `more` are settings of its own beside those that keep it safe."""
    settings = dict(entry.split("=", 1) for entry in _SAFETY) | (more or {})
    home = config().cache.absolute() / "empty-home"
    home.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        # A damaged mirror is no reason to look for a repository around the cache.
        "GIT_CEILING_DIRECTORIES": str(config().cache.absolute()),
        "GIT_ALLOW_PROTOCOL": "file:https" if config().allow_local_clone else "https",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for number, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    for name in ("SSL_CERT_FILE", "GIT_SSL_CAINFO", "HTTPS_PROXY", "https_proxy", "NO_PROXY"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment


def _explain(repository: Repository, command: str, stderr: str) -> PlatformError:
    lines = stderr.strip().splitlines() or ["no message"]
    hint = ""
    if "Authentication failed" in stderr or "could not read Username" in stderr:
        hint = (
            "Install the GitHub App on this repository, or set EDAHA_GITHUB_TOKEN to a token that "
            "may read its contents. For another host than GitHub, set EDAHA_GIT_CREDENTIALS."
        )
    elif "returned error: 30" in stderr:
        hint = "It leads elsewhere. Give the repository the clone URL that it leads to."
    elif "not found" in stderr or "does not appear to be a git repository" in stderr:
        hint = f"Check the clone URL of {repository.full_name}: {repository.clone_url}"
    return PlatformError(
        f"git {command} failed: {lines[-1][:300]}", hint=hint, retry=True, cause=Cause.GIT
    )

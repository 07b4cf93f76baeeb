"""BuildKit's caches, this machine's and the fork builder's: each kept within the budget."""

import subprocess

import structlog

from ..config import config
from .buildx import environment

log = structlog.get_logger(__name__)

_TIMEOUT = 600


def prune_command(keep: int, told: str, builder: str = "") -> list[str]:
    """Remove what was not used for longest, until at most `keep` bytes are left.

    Without `builder`, that of all builds but forks'.

    `told` is what `docker buildx prune --help` prints. buildx 0.13 has `--keep-storage`; newer
    ones have two limits instead, of which BuildKit before 0.17 knows the reserved one only
    (https://github.com/moby/moby/pull/48720).
    """
    has_both = "--max-used-space" in told
    limits = ["--reserved-space", "--max-used-space"] if has_both else ["--keep-storage"]
    return [
        *("docker", "buildx", "prune", "--all", "--force"),
        *([f"--builder={builder}"] if builder else []),
        *(f"{limit}={keep}" for limit in limits),
    ]


def prune_build_cache(keep: int) -> None:
    """Best effort: what is in use stays, and a builder that does not answer is left alone."""
    # Where forks have none of their own, both are the same one.
    for builder in dict.fromkeys(["", config().fork_builder]):
        try:
            told = _run(["docker", "buildx", "prune", "--help"])
            _run(prune_command(keep, told, builder))
        except (OSError, subprocess.SubprocessError) as problem:
            log.warning("build_cache_not_pruned", builder=builder, problem=str(problem))


def _run(command: list[str]) -> str:
    return subprocess.run(
        command,
        env=environment(config().cache.absolute()),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=True,
    ).stdout

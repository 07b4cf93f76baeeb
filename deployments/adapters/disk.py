"""How much room there is on this machine's disks."""

import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..config import config

#: What a GB is, here and in the settings.
GB = 10**9


@dataclass(frozen=True)
class Room:
    """What is free for us at a place."""

    place: Path
    #: In bytes.
    free: int

    @property
    def gigabytes(self) -> str:
        """What is free, for people."""
        return f"{self.free / GB:.1f}"


def least_room() -> Room:
    """Where a build would find the least: in the cache folder, or where Docker keeps its own.

    Docker's folder counts where this machine has it.
    """
    cache_folder = config().cache.absolute()
    cache_folder.mkdir(parents=True, exist_ok=True)
    docker = _docker_folder()
    rooms = [_room(cache_folder), *([_room(docker)] if docker and docker.is_dir() else [])]
    return min(rooms, key=lambda room: room.free)


def _room(place: Path) -> Room:
    return Room(place, shutil.disk_usage(place).free)


def _docker_folder() -> Path | None:
    """Where the engine keeps images and caches; None where it is not known, or elsewhere."""
    if not os.environ.get("DOCKER_HOST", "unix://").startswith("unix://"):
        return None
    with suppress(OSError, subprocess.SubprocessError):
        return _ask_docker()
    return None


@cache
def _ask_docker() -> Path:
    """Asked until it has answered once: it may start later than we do."""
    done = subprocess.run(
        ["docker", "info", "--format", "{{.DockerRootDir}}"],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return Path(done.stdout.strip() or "/nowhere")

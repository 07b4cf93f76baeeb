"""A base image like Docker Hub's python:3.11-slim-bookworm, made here where none can be pulled."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from .engine import docker, has_image

OFFICIAL = "python:3.11-slim-bookworm"
MADE = "localhost/edaha-tests/python:3.11-slim-bookworm"

_PACKAGES = "python3,python3-venv,ca-certificates"
#: Read by the new system's own dpkg. Half of the time went into flushing files to the disk.
_DPKG = """force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/man/*
"""


def ensure() -> str:
    """The name of a base image that the engine has; about a minute when it is to be made."""
    chosen = os.environ.get("EDAHA_TEST_BASE_IMAGE")
    if chosen:
        return chosen
    for known in (OFFICIAL, MADE):
        if has_image(known):
            return known
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        docker("pull", "--quiet", OFFICIAL)
        return OFFICIAL
    # Not below /tmp's own options: a system cannot be installed on a file system without devices.
    with tempfile.TemporaryDirectory(prefix="edaha-base-", dir="/var/tmp") as folder:
        _make(Path(folder))
    return MADE


def _make(folder: Path) -> None:
    _run(["apt-get", "download", "--quiet", "debootstrap"], folder)
    package = next(folder.glob("debootstrap_*.deb"))
    _run(["dpkg-deb", "--extract", str(package), "tool"], folder)
    root = folder / "root"
    options = root / "etc/dpkg/dpkg.cfg.d/fast"
    options.parent.mkdir(parents=True)
    options.write_text(_DPKG)
    script = folder / "tool/usr/sbin/debootstrap"
    home = {"DEBOOTSTRAP_DIR": str(folder / "tool/usr/share/debootstrap")}
    _run(
        [str(script), "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(root)],
        folder,
        home,
    )
    options.unlink()
    for cached in (root / "var/cache/apt/archives").glob("*.deb"):
        cached.unlink()
    _run(["tar", "--create", "--file", "root.tar", "--directory", str(root), "."], folder)
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    docker("import", "--change", f"ENV {path}", str(folder / "root.tar"), MADE)


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | (environment or {}), capture_output=True, text=True
    )
    if done.returncode != 0:
        pytest.fail(f"{Path(command[0]).name} failed:\n{(done.stdout + done.stderr)[-1500:]}")

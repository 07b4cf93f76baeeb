"""What the parts of the tests need from the system: installed where that is possible."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sandbox import base_image, engine, packages
from sandbox.instance import StartError
from tests.github import published


@contextmanager
def ready(chosen: list[str], output: Path) -> Iterator[None]:
    """What tests need from the system is there inside; a StartError says what is missing."""
    with ExitStack() as stack:
        if {"unit", "pages", "journey"} & set(chosen):
            _ensure("chromium")
        if {"unit"} & set(chosen):
            # The command's completion is tried in each shell.
            _ensure("zsh")
            _ensure("fish")
        if {"unit", "pages", "postgres", "journey"} & set(chosen):
            published.ensure()
        if {"docker", "journey"} & set(chosen):
            packages.ensure(_say)
            _ensure("nft", "nftables")
            stack.enter_context(engine.shared(engine.Engine(), output / "dockerd.log", _say))
            base_image.ensure()
        yield


def _ensure(command: str, package: str = "") -> None:
    """A command is there afterwards, from Debian's package of that name where it is missing."""
    package = package or command
    if shutil.which(command):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise StartError(f"{command} is missing (on Debian: apt-get install {package})")
    _say(f"Installing {package}")
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", package]):
        done = subprocess.run(
            ["apt-get", "--quiet", *arguments],
            capture_output=True,
            text=True,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            check=False,
        )
    if done.returncode != 0:
        raise StartError(f"{package} cannot be installed: {done.stderr.strip()[-300:]}")


def _say(message: str) -> None:
    print(f"{message} …", file=sys.stderr, flush=True)

"""The command as people start it: a process of its own, against a real server over HTTP."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployments.adapters import wakeups
from deployments.models import ApiToken
from tests.api.test_workflows import issuer as issuer
from tests.api.test_workflows import token as token

ROOT = Path(__file__).resolve().parents[2]
Ended = subprocess.CompletedProcess[str]
Edaha = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeups, "wake", lambda *_, **__: None)
    monkeypatch.setattr(wakeups, "notify", lambda **_: None)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of acme/shop with feature-x checked out."""
    for command in (
        ["init", "-q", "-b", "feature-x"],
        ["remote", "add", "origin", "git@github.com:acme/shop.git"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


@pytest.fixture
def surroundings(live_server: Any, tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "cli"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "HOME": str(tmp_path),
        "EDAHA_SERVER": live_server.url,
        "EDAHA_TOKEN": ApiToken.issue("a terminal", "deployer"),
    }


def started(
    arguments: list[str], folder: Path, environment: dict[str, str], typed: str = ""
) -> Ended:
    """The command, in that folder, until it has ended."""
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "cli")}
    return subprocess.run(
        [sys.executable, "-m", "edaha_cli", *arguments],
        cwd=folder,
        env=known | environment,
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def edaha(surroundings: dict[str, str], clone: Path) -> Edaha:
    def run(*arguments: str, typed: str = "", **changes: str) -> Ended:
        return started(list(arguments), clone, surroundings | changes, typed)

    return run

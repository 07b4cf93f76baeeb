"""The package that pip makes of cli/, installed into an environment of its own."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.dashboard.rows import a_live_branch

from .conftest import ROOT, Ended


def run(*command: str | Path, **environment: str) -> Ended:
    return subprocess.run(
        list(map(str, command)),
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        timeout=280,
    )


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command's path."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT / "cli", folder / "cli", ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    made = run(*pip, "wheel", "--no-deps", "--wheel-dir", folder, folder / "cli", HOME=str(folder))
    assert made.returncode == 0, made.stderr
    (wheel,) = folder.glob("edaha_cli-*.whl")
    venv.create(folder / "venv", symlinks=True)
    target = ["--python", str(folder / "venv/bin/python")]
    done = run(*pip, *target, "install", "--no-index", wheel)  # without a dependency, or not at all
    assert done.returncode == 0, done.stderr
    return folder / "venv/bin/edaha"


@pytest.mark.timeout(600)
@pytest.mark.django_db(transaction=True)
def test_it_works_as_it_is_installed(
    installed: Path, surroundings: dict[str, str], tmp_path: Path
) -> None:
    said = run(installed, "--version")
    assert said.stdout.startswith("edaha 0.")
    branch = a_live_branch()
    given = {name: value for name, value in surroundings.items() if name != "PYTHONPATH"}
    done = run(installed, "list", "--json", "--repository", "acme/shop", **given)
    assert done.returncode == 0, done.stderr
    assert [row["id"] for row in json.loads(done.stdout)] == [branch.pk]

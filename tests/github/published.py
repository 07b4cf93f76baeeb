"""What GitHub publishes about its API, as npm packages of fixed versions.

They are installed once for all work trees, into the user's cache: the REST API's OpenAPI
description, examples of webhooks, and `@octokit/webhooks-schemas`, the last package that has the
JSON schemas of webhooks (`@octokit/webhooks` itself has had none since it came in TypeScript).
"""

import fcntl
import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.instance import StartError

PACKAGES = {
    "@octokit/openapi": "23.0.2",
    "@octokit/webhooks-examples": "7.6.1",
    "@octokit/webhooks-schemas": "7.6.1",
}
_DESCRIPTION = "@octokit/openapi/generated/api.github.com.json"


def ensure() -> Path:
    """The folder that has the packages; installed where they are missing.

    Raises StartError where npm is missing or reaches no registry.
    """
    versions = "-".join(PACKAGES.values())
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "edaha" / f"github-{versions}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _install(folder)
            (folder / "complete").touch()
    return folder / "node_modules"


def _install(folder: Path) -> None:
    if not shutil.which("npm"):
        raise StartError("npm is missing (on Debian: apt-get install npm)")
    names = [f"{name}@{version}" for name, version in PACKAGES.items()]
    # In a folder with a package.json, and without --prefix: that would leave out the machine's
    # own npmrc, which may say how the registry is reached.
    (folder / "package.json").write_text("{}", "utf-8")
    done = subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *names],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StartError(f"npm cannot install {' '.join(names)}: {done.stderr.strip()[-300:]}")


@cache
def webhook_examples() -> dict[str, list[dict[str, Any]]]:
    """Event → its payloads."""
    path = ensure() / "@octokit/webhooks-examples/api.github.com/index.json"
    return {each["name"]: each["examples"] for each in json.loads(path.read_text("utf-8"))}


@cache
def webhook_schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = json.loads(
        (ensure() / "@octokit/webhooks-schemas/schema.json").read_text("utf-8")
    )
    return schemas


def description() -> dict[str, Any]:
    """The OpenAPI description of GitHub's REST API: 13 MB, of which a caller keeps a part."""
    found: dict[str, Any] = json.loads((ensure() / _DESCRIPTION).read_text("utf-8"))
    return found

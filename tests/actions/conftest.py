"""A job of a workflow of acme/shop, with a token of a test issuer."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.api.test_workflows import issuer as issuer
from tests.api.test_workflows import token as token
from tests.dashboard.rows import COMMIT

# Here, and not in a module: an account of AWS ends with its package of tests.
from tests.deployments.conftest import _account as _account
from tests.deployments.conftest import _switch as _switch
from tests.deployments.conftest import buildx as buildx
from tests.deployments.conftest import cloud as cloud
from tests.deployments.conftest import origin as origin
from tests.deployments.conftest import router as router
from tests.deployments.conftest import world as world

from .runner import Runner
from .seam import DIGEST, Seam


@pytest.fixture
def seam(httpserver: HTTPServer, token: Callable[..., str]) -> Seam:
    found = Seam(httpserver.url_for("").rstrip("/"))
    httpserver.expect_request(
        "/token", query_string={"api-version": "2", "audience": found.address}
    ).respond_with_json({"value": token(aud=found.address)})
    found.serve(httpserver)
    return found


@pytest.fixture
def github() -> dict[str, Any]:
    """The context of a pull request."""
    return {
        "head_ref": "feature-x",
        "ref_name": "42/merge",
        "sha": "0" * 40,
        "run_id": "1658821493",
        "event": {"pull_request": {"head": {"sha": COMMIT}}},
    }


@pytest.fixture
def job(httpserver: HTTPServer, github: dict[str, Any], tmp_path: Path) -> Runner:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    # The clone of a test cannot have a commit of that very name, so git says it for us.
    git = tmp_path / "bin/git"
    git.parent.mkdir()
    git.write_text(f'#!/bin/sh\n[ "$*" = "-C . rev-parse HEAD" ] && echo {COMMIT}\n')
    git.chmod(0o755)
    environment = {
        "PATH": f"{git.parent}:/usr/local/bin:/usr/bin:/bin",
        "RUNNER_ARCH": "X64",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_RUN_ID": github["run_id"],
        "ACTIONS_ID_TOKEN_REQUEST_URL": httpserver.url_for("/token?api-version=2"),
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of the runner",
    }
    built = {"docker/build-push-action": lambda _: {"digest": DIGEST}}
    return Runner(tmp_path, workspace, github, environment, built)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with a commit of its own."""
    folder = tmp_path / "clone"
    subprocess.run(["git", "init", "-q", folder], check=True)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    commit = ["commit", "-q", "--allow-empty", "-m", "First"]
    subprocess.run(["git", "-C", folder, *who, *commit], check=True)
    return folder

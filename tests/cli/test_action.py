"""The composite action's script, started as its step says it, with tokens of a test issuer."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_httpserver import HTTPServer

from deployments.models import Branch
from tests.dashboard.rows import COMMIT, a_branch, a_deployment, a_live_branch, a_repository, an_end

from .conftest import ROOT, Ended

FOLDER = ROOT / ".github/actions/preview"
ACTION = yaml.safe_load((FOLDER / "action.yaml").read_text())
(STEP,) = ACTION["runs"]["steps"]

pytestmark = pytest.mark.django_db(transaction=True)
Act = Callable[..., Ended]


@pytest.fixture
def act(
    live_server: Any,
    token: Callable[..., str],
    httpserver: HTTPServer,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Act:
    repository = a_repository()
    repository.workflow_role, repository.is_private = "viewer", True
    repository.save()
    monkeypatch.setattr(settings.EDAHA, "base_url", live_server.url)
    httpserver.expect_request(
        "/token",
        query_string={"api-version": "2", "audience": live_server.url},
        headers={"Authorization": "Bearer of the runner"},
    ).respond_with_json({"value": token(aud=live_server.url)})

    def run(**changes: str) -> Ended:
        given = {
            "PATH": os.environ["PATH"],
            "GITHUB_ACTION_PATH": str(FOLDER),
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "ACTIONS_ID_TOKEN_REQUEST_URL": httpserver.url_for("/token?api-version=2"),
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of the runner",
            "EDAHA_SERVER": f"{live_server.url}/",
            "EDAHA_BRANCH": "feature-x",
            "EDAHA_COMMIT": COMMIT,
            "EDAHA_TIMEOUT": "0.05",
        }
        return subprocess.run(
            ["sh", "-e", "-c", STEP["run"]],
            env=given | changes,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def outputs(folder: Path) -> dict[str, str]:
    """As GitHub's runner reads them."""
    found = re.findall(r"^(\w+)<<(\w+)\n(.*?)\n\2$", (folder / "output").read_text(), re.M | re.S)
    return {name: value for name, _, value in found}


def test_the_address_is_an_output(act: Act, tmp_path: Path) -> None:
    branch = a_live_branch()
    done = act()
    assert done.returncode == 0, done.stdout + done.stderr
    expected = {"url": branch.url, "state": "live", "deployment": str(branch.deployment_id)}
    assert outputs(tmp_path) == expected
    assert set(expected) == set(ACTION["outputs"])
    assert branch.url in (tmp_path / "summary").read_text()


def test_the_token_is_masked_before_anything_else_is_said(act: Act, tmp_path: Path) -> None:
    a_live_branch()
    first, _, rest = act().stdout.partition("\n")
    assert first.startswith("::add-mask::ey")
    assert first.removeprefix("::add-mask::") not in rest + (tmp_path / "summary").read_text()


def test_a_failure_is_an_annotation_that_cannot_say_more_than_one(act: Act, tmp_path: Path) -> None:
    deployment = a_deployment(a_branch(), error="100%\n::add-path::/evil", hint="Mend it.")
    an_end(deployment)
    done = act()
    assert done.returncode == 1
    assert "::error title=No preview::100%25%0A::add-path::/evil%0AMend it.\n" in done.stdout
    assert not any(line.startswith("::add-path") for line in done.stdout.splitlines())
    assert outputs(tmp_path)["state"] == "failed"
    assert "url" not in outputs(tmp_path)


def test_a_branch_cannot_run_anything(act: Act, tmp_path: Path) -> None:
    name = f"$(touch {tmp_path}/evil);`id`"
    Branch.objects.filter(pk=a_live_branch().pk).update(name=name)
    done = act(EDAHA_BRANCH=name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "evil").exists()


def test_a_commit_that_nobody_heard_of_ends_in_time(act: Act) -> None:
    a_live_branch()
    done = act(EDAHA_COMMIT="0" * 40)
    assert done.returncode == 1
    assert "Nothing was heard of commit 000000000000" in done.stdout


def test_a_run_without_a_token_is_told_what_to_write(act: Act) -> None:
    done = act(ACTIONS_ID_TOKEN_REQUEST_URL="")
    assert done.returncode == 4
    assert "id-token: write" in done.stdout


def test_scripts_have_no_expressions_and_inputs_are_used() -> None:
    assert "${{" not in STEP["run"]
    used = re.findall(r"inputs\.(\w+)", " ".join(STEP["env"].values()))
    assert sorted(used) == sorted(ACTION["inputs"])

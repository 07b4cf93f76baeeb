"""What one may wish for beside a new deployment; and forks' pull requests."""

import json
import subprocess
from pathlib import Path

import pytest
from django.utils import timezone

from deployments.models import Branch, Build, Deployment
from deployments.states import DeploymentState
from tests.dashboard.rows import a_branch, a_deployment, a_live_branch

from .conftest import Edaha

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_preview_is_kept_and_let_go(edaha: Edaha) -> None:
    branch = a_live_branch()
    done = edaha("pin", "--reason", "for the demo")
    branch.refresh_from_db()
    assert (done.returncode, bool(branch.pinned_at)) == (0, True), done.stderr
    assert edaha("unpin", "--json").returncode == 0
    branch.refresh_from_db()
    assert branch.pinned_at is None
    done = edaha("extend")
    assert (done.returncode, done.stdout.startswith("feature-x ")) == (0, True), done.stderr


def test_what_is_on_its_way_is_cancelled(edaha: Edaha) -> None:
    deployment = a_deployment(a_branch())
    done = edaha("cancel")
    deployment.refresh_from_db()
    assert done.returncode == 0, done.stderr
    assert deployment.state == DeploymentState.CANCELLED
    assert edaha("cancel").returncode == 1


def test_the_deployment_before_comes_back(edaha: Edaha) -> None:
    branch = a_branch()
    first = a_deployment(branch, DeploymentState.RETIRED, released_at=timezone.now())
    Build.objects.create(deployment=first, name="app", reference="r/shop@sha256:" + "0" * 64)
    a_deployment(branch, DeploymentState.FAILED)
    a_deployment(branch, DeploymentState.LIVE, is_live=True)
    done = edaha("rollback", "--no-wait", "--json")
    assert done.returncode == 0, done.stderr
    made = Deployment.objects.get(pk=json.loads(done.stdout)["id"])
    assert made.trigger == "rollback"
    assert edaha("rollback", "--to", "999999", "--no-wait").returncode == 3


def test_there_may_be_nothing_to_go_back_to(edaha: Edaha) -> None:
    a_live_branch()
    done = edaha("rollback")
    assert (done.returncode, "was live before" in done.stderr) == (3, True)


@pytest.mark.parametrize(
    ("state", "code"),
    [("live", 0), ("asleep", 0), ("failed", 1), ("building", 6), ("pending", 6), ("destroyed", 3)],
)
def test_scripts_may_ask_by_the_exit_code(edaha: Edaha, state: str, code: int) -> None:
    a_branch(state=state)
    assert edaha("status", "--exit-code").returncode == code


@pytest.mark.parametrize("where", ["upstream", "by name"])
def test_a_pull_request_of_ones_own_fork_is_found(edaha: Edaha, clone: Path, where: str) -> None:
    fork = a_branch("pull:7", is_fork=True, head_repository="Mika/shop", head_branch="feature-x")
    subprocess.run(
        ["git", "remote", "set-url", "origin", "git@github.com:mika/shop.git"],
        cwd=clone, check=True,
    )  # fmt: skip
    given = ["--repository", "acme/shop"]
    if where == "upstream":
        upstream = ["git", "remote", "add", "upstream", "git@github.com:acme/shop.git"]
        subprocess.run(upstream, cwd=clone, check=True)
        given = []
    assert json.loads(edaha("status", "--json", *given).stdout)["id"] == fork.pk
    Branch.objects.update(head_repository="stranger/shop")
    assert edaha("status", *given).returncode == 3


@pytest.mark.parametrize("number", ["0", "-1", "nan", "x", "1e99"])
def test_numbers_that_are_none_end_with_2(edaha: Edaha, number: str) -> None:
    for option in (["wait", "--timeout"], ["logs", "--every"], ["rollback", "--to"]):
        assert edaha(*option, number).returncode == 2

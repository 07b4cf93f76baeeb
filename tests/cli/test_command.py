"""Each subcommand: what it says, what it does, and its exit code."""

import json
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.db import connection

from deployments.models import ApiToken, Branch, Deployment, Repository
from deployments.states import DeploymentState, Wanted
from tests.dashboard.rows import (
    COMMIT,
    a_branch,
    a_deployment,
    a_live_branch,
    a_repository,
    an_end,
    some_lines,
)

from .conftest import Edaha

pytestmark = pytest.mark.django_db(transaction=True)


def failed(branch: Branch) -> Deployment:
    deployment = a_deployment(branch, error="npm ci failed.", hint="Run it at home.")
    an_end(deployment)
    Branch.objects.filter(pk=branch.pk).update(state="failed")
    return deployment


def test_status_is_of_the_branch_one_stands_in(edaha: Edaha) -> None:
    a_live_branch("main")
    branch = a_live_branch(title="A new colour")
    done = edaha("status")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("acme/shop feature-x\n")
    assert "live" in done.stdout and "A new colour" in done.stdout
    assert branch.url in done.stdout
    assert "\x1b" not in done.stdout


def test_a_failure_is_explained_and_ends_with_1(edaha: Edaha) -> None:
    failed(a_branch())
    for done in (edaha("status"), edaha("wait")):
        said = done.stdout + done.stderr
        assert done.returncode == 1
        assert "npm ci failed." in said and "Run it at home." in said


def test_json_is_what_the_api_tells(edaha: Edaha) -> None:
    a_live_branch()
    told = json.loads(edaha("status", "--json").stdout)
    assert (told["name"], told["state"], told["live"]["commit"]) == ("feature-x", "live", COMMIT)


def test_a_branch_of_the_same_name_is_not_taken_for_it(edaha: Edaha) -> None:
    a_live_branch(repository=a_repository("acme/other"))
    done = edaha("status")
    assert done.returncode == 3
    assert "acme/shop has no preview of feature-x" in done.stderr


def test_names_of_branches_are_told_as_they_are(edaha: Edaha) -> None:
    a_live_branch("a&b=c/é?#%")
    assert edaha("status", "--branch", "a&b=c/é?#%").returncode == 0


@pytest.mark.parametrize("role", ["", "viewer"])
def test_who_may_not_ends_with_4_and_nothing_is_done(edaha: Edaha, role: str) -> None:
    branch = a_live_branch()
    token = ApiToken.issue("a reader", role) if role else "nobodys"
    done = edaha("destroy", "--yes", EDAHA_TOKEN=token)
    branch.refresh_from_db()
    assert (done.returncode, branch.wanted) == (4, Wanted.PRESENT)


def test_nobody_signed_in_is_told_how(edaha: Edaha) -> None:
    done = edaha("status", EDAHA_TOKEN="")
    assert done.returncode == 4
    assert "edaha login" in done.stderr


def test_a_server_that_is_away_ends_with_5(edaha: Edaha) -> None:
    done = edaha("status", EDAHA_SERVER="http://127.0.0.1:1")
    assert done.returncode == 5
    assert "does not answer" in done.stderr


@pytest.mark.parametrize("address", ["", "file:///etc", "http://edaha.example", "https://u:p@a"])
def test_an_address_that_is_none_ends_with_2(edaha: Edaha, address: str) -> None:
    assert edaha("status", EDAHA_SERVER=address).returncode == 2


def test_a_token_is_kept_for_its_owner_alone(edaha: Edaha, clone: Path) -> None:
    a_live_branch()
    token = ApiToken.issue("typed", "viewer")
    done = edaha("login", typed=f"{token}\n", EDAHA_TOKEN="")
    assert done.returncode == 0, done.stderr
    assert token not in done.stdout + done.stderr
    kept = clone / "config/edaha/credentials"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert edaha("status", EDAHA_TOKEN="").returncode == 0


def test_a_wrong_token_is_not_kept(edaha: Edaha, clone: Path) -> None:
    assert edaha("login", typed="wrong\n").returncode == 4
    assert not (clone / "config/edaha/credentials").exists()


def test_list_has_all_pages_and_no_destroyed_ones(edaha: Edaha) -> None:
    a_branch("gone", state="destroyed")
    a_live_branch("main")
    a_live_branch(repository=a_repository("acme/other"))
    names = [line.split()[1] for line in edaha("list").stdout.splitlines()]
    assert names == ["main"]
    assert len(json.loads(edaha("list", "--all", "--json").stdout)) == 2


def test_destroy_asks_somebody_who_is_there(edaha: Edaha) -> None:
    branch = a_live_branch()
    assert edaha("destroy").returncode == 2
    branch.refresh_from_db()
    assert branch.wanted == Wanted.PRESENT
    assert edaha("destroy", "--yes").returncode == 0
    branch.refresh_from_db()
    assert branch.wanted == Wanted.ABSENT


def test_redeploy_makes_a_deployment(edaha: Edaha) -> None:
    branch = a_live_branch()
    done = edaha("redeploy", "--no-wait", "--no-cache", "--json")
    assert done.returncode == 0, done.stderr
    branch.refresh_from_db()
    assert json.loads(done.stdout)["id"] == branch.deployment_id


def test_wait_ends_when_the_deployment_does(surroundings: dict[str, str], clone: Path) -> None:
    branch = a_branch()
    deployment = a_deployment(branch)
    command = [sys.executable, "-m", "edaha_cli", "wait", "--every", "0.1", "--commit", COMMIT[:9]]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=clone, env=surroundings, stdout=pipe, stderr=pipe, text=True
    ) as going:
        assert going.stdout and going.stderr
        # However slow the machine is: it comes live after it was seen waiting.
        assert going.stderr.readline().startswith("queued")
        an_end(deployment, DeploymentState.LIVE)
        Branch.objects.filter(pk=branch.pk).update(live=deployment, state="live")
        told, said = going.stdout.read(), going.stderr.read()
    assert (going.returncode, told) == (0, f"{branch.url}\n"), said
    assert said.endswith("live\n")


def test_wait_does_not_take_another_commit_for_it(edaha: Edaha) -> None:
    a_live_branch()
    done = edaha("wait", "--commit", "0" * 40, "--timeout", "0.3", "--every", "0.1")
    assert done.returncode == 1
    assert "Nothing was heard of commit 000000000000" in done.stderr


def test_logs_are_followed_to_the_end_and_harmless(edaha: Edaha) -> None:
    deployment = a_deployment(a_branch())
    some_lines(deployment, 1, 2, "\x1b]0;owned\x07\x1b[2Jline {}\x9b31m\u202e")

    def end() -> None:
        some_lines(deployment, 3, 1)
        an_end(deployment)
        connection.close()

    timer = threading.Timer(1.0, end)
    timer.start()
    done = edaha("logs", "-f", "--every", "0.1")
    timer.join()
    assert (done.returncode, done.stdout) == (1, "line 1\nline 2\nline 3\n")


def test_titles_cannot_write_to_the_terminal(edaha: Edaha) -> None:
    a_live_branch(title="\x1b[2J\x1b]52;c;ZXZpbA==\x07hello\rgone\u202e")
    said = edaha("status").stdout
    assert "  title    hellogone\n" in said
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(said)


def test_open_prints_the_address(edaha: Edaha) -> None:
    branch = a_live_branch()
    assert edaha("open", "--print").stdout == f"{branch.url}\n"
    Branch.objects.filter(pk=branch.pk).update(live=None)
    assert edaha("open", "--print").returncode == 3


def test_private_repositories_are_not_found(edaha: Edaha) -> None:
    a_live_branch()
    Repository.objects.update(is_private=True)
    other = a_repository("acme/other")
    token = ApiToken.issue("of another", "deployer")
    ApiToken.find(token).repositories.add(other)  # type: ignore[union-attr]
    assert edaha("status", EDAHA_TOKEN=token).returncode == 3


def test_bash_takes_the_completion(edaha: Edaha) -> None:
    script = edaha("completion", "bash").stdout
    ask = 'COMP_WORDS=(edaha re); COMP_CWORD=1; _edaha; echo "${COMPREPLY[*]}"'
    done = subprocess.run(["bash", "-c", script + ask], capture_output=True, text=True, check=True)
    assert done.stdout == "redeploy\n"
    for shell in ("zsh", "fish"):
        assert "redeploy" in edaha("completion", shell).stdout

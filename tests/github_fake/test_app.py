"""The App's own calls, and the fake as a process of its own."""

import socket
import subprocess
import sys
from datetime import timedelta

import httpx
import pytest

from deployments.adapters import githubteams
from deployments.adapters.github import hooks
from deployments.adapters.github.app import as_app
from deployments.errors import PlatformError
from tests.github import rules
from tests.github.fake import Fake
from tests.github.fake.hooks import APP, add_delivery
from tests.github.fake.state import ACTS
from tests.github.product import TOKEN

pytestmark = pytest.mark.django_db


def test_every_operation_is_done() -> None:
    assert sorted(ACTS) == sorted(rules.OPERATIONS)


def test_a_failed_delivery_is_sent_again(github_fake: Fake) -> None:
    add_delivery(github_fake.state, APP, "a" * 8, 502, ago=timedelta(minutes=1), event="push")
    hook = hooks.app_hook()
    assert hook is not None
    [attempt] = hook.attempts(None)
    assert not attempt.has_arrived
    hook.redeliver(attempt)
    assert github_fake.state.redelivered == [(APP, 1)]


def test_another_apps_signature_is_refused(github_fake: Fake) -> None:
    assert as_app("GET", "/app").json()["id"] == 4711
    github_fake.state.app_id = "1"
    with pytest.raises(PlatformError):
        as_app("GET", "/app")


def test_whose_teams_somebody_is_in_is_read_page_by_page(github_fake: Fake) -> None:
    github_fake.state.memberships |= {"acme": "active", "evil": "pending"}
    github_fake.state.teams += [("acme", f"team-{number}") for number in range(101)]
    found = githubteams.groups_of(TOKEN)
    assert found[:2] == ["acme", "acme/team-0"]
    assert len(found) == 102


def test_as_a_process_it_answers_and_goes_wrong_on_command() -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "tests.github.fake", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert b"listens" in process.stdout.readline()
            url = f"http://127.0.0.1:{port}"
            httpx.post(f"{url}/_fake/fault", json={"status": 503}).raise_for_status()
            asked = {
                "Authorization": "Bearer ghp_fake",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            }
            answers = [httpx.get(f"{url}/user", headers=asked, timeout=30) for _ in range(2)]
            assert [answer.status_code for answer in answers] == [503, 200]
            assert httpx.post(f"{url}/_fake/state", json={}).json()["violations"] == []
        finally:
            process.terminate()

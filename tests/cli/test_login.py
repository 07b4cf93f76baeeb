"""`edaha login` and `logout`, against the dashboard."""

import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.test import Client

from dashboard.models import Terminal, TerminalRequest
from deployments.models import ApiToken
from tests.dashboard.rows import a_live_branch, a_person

from .conftest import Edaha

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mika(transactional_db: None) -> Client:
    client = Client()
    client.force_login(a_person("deployer", "mika"))
    return client


@contextmanager
def logging_in(surroundings: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "edaha_cli", "login", "--no-browser"],
        cwd=folder,
        env=surroundings | {"EDAHA_TOKEN": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in range(300):
            if TerminalRequest.objects.exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


def test_one_signs_in_by_comparing_a_code(
    mika: Client, surroundings: dict[str, str], clone: Path, edaha: Edaha
) -> None:
    a_live_branch()
    with logging_in(surroundings, clone) as process:
        question = TerminalRequest.objects.get()
        form = {"code": question.code, "answer": "allow", "days": "7"}
        assert mika.post("/terminal/decided", form).status_code == 302
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert re.search(r"Your code is [A-Z]{4}-[A-Z]{4}\.", err)
    assert f"{surroundings['EDAHA_SERVER']}/terminal?code={question.code}" in err
    assert out.startswith(f"Signed in at {surroundings['EDAHA_SERVER']} as mika.")
    kept = clone / "config/edaha/credentials"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "edaha_terminal_" not in out + err
    assert edaha("status", EDAHA_TOKEN="").returncode == 0

    kept_by_hand = kept.read_text()
    done = edaha("logout", EDAHA_TOKEN="")
    assert (done.returncode, Terminal.objects.count()) == (0, 0), done.stderr
    assert edaha("status", EDAHA_TOKEN="").returncode == 4
    kept.write_text(kept_by_hand)
    done = edaha("status", EDAHA_TOKEN="")
    assert (done.returncode, "edaha login" in done.stderr) == (4, True)


def test_who_says_no_leaves_nothing_behind(
    mika: Client, surroundings: dict[str, str], clone: Path
) -> None:
    with logging_in(surroundings, clone) as process:
        form = {"code": TerminalRequest.objects.get().code, "answer": "refuse"}
        mika.post("/terminal/decided", form)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, "not to be let in" in err) == (4, True)
    assert not (clone / "config/edaha/credentials").exists()


def test_a_token_by_hand_is_forgotten_and_goes_on(edaha: Edaha, clone: Path) -> None:
    token = ApiToken.issue("typed", "viewer")
    assert edaha("login", "--token", typed=f"{token}\n", EDAHA_TOKEN="").returncode == 0
    done = edaha("logout", EDAHA_TOKEN="")
    assert (done.returncode, "an administrator revokes it" in done.stdout) == (0, True)
    assert token not in (clone / "config/edaha/credentials").read_text()
    assert edaha("logout", EDAHA_TOKEN="").returncode == 4


def test_a_server_that_is_away_does_not_keep_one_signed_in(edaha: Edaha, clone: Path) -> None:
    file = clone / "config/edaha/credentials"
    file.parent.mkdir(parents=True)
    file.write_text('{"http://127.0.0.1:1": "edaha_terminal_x"}')
    done = edaha("logout", EDAHA_SERVER="http://127.0.0.1:1", EDAHA_TOKEN="")
    assert (done.returncode, "may still work" in done.stderr) == (5, True)
    assert "edaha_terminal_x" not in file.read_text()

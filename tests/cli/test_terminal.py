"""The command in a real terminal: tmux types, and sees what people see."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from deployments.models import Branch, BuildStep
from deployments.states import DeploymentState, Wanted
from tests.dashboard.rows import a_branch, a_deployment, a_live_branch, an_end, some_lines

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed"),
]
Tmux = Callable[..., str]


@pytest.fixture
def tmux(surroundings: dict[str, str], clone: Path) -> Iterator[Tmux]:
    socket = str(clone / "tmux")

    def run(*arguments: str) -> str:
        command = ["tmux", "-S", socket, "-f", "/dev/null", *arguments]
        environment = surroundings | {"LANG": "C.UTF-8", "TERM": os.environ.get("TERM", "xterm")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    run("new-session", "-d", "-x", "40", "-y", "20", "-c", str(clone), "sh")
    yield run
    run("kill-server")


def type_edaha(tmux: Tmux, arguments: str) -> None:
    command = f"{shlex.quote(sys.executable)} -m edaha_cli {arguments}; echo ended=$?"
    tmux("send-keys", f"clear; {command}", "Enter")


def seen(tmux: Tmux, text: str) -> str:
    """The screen with its colours, once `text` is on it."""
    for _ in range(150):
        if text in (screen := tmux("capture-pane", "-e", "-p", "-J")):
            return screen
        time.sleep(0.2)
    raise AssertionError(f"{text!r} was never on the screen:\n{screen}")


def test_colours_and_a_narrow_terminal(tmux: Tmux) -> None:
    a_live_branch("a-name-that-is-longer-than-the-terminal-is-wide")
    type_edaha(tmux, "list")
    lines = seen(tmux, "ended=0").splitlines()
    (line,) = [line for line in lines if "\x1b[32mlive" in line]
    assert line.rstrip().endswith("…")
    assert "terminal-is-wide" not in line


def test_steps_are_seen_while_one_waits(tmux: Tmux) -> None:
    now = timezone.now()
    branch = a_branch(state="building")
    deployment = a_deployment(branch, DeploymentState.BUILDING, started_at=now)
    times = {"started_at": now, "completed_at": now}
    steps = BuildStep.objects
    steps.create(deployment=deployment, number=1, name="FROM node:22", cached=True, **times)
    steps.create(deployment=deployment, number=2, name="COPY package.json .", **times)
    steps.create(deployment=deployment, number=3, name="RUN npm ci", started_at=now)
    type_edaha(tmux, "wait --every 0.5")
    screen = seen(tmux, "RUN npm ci")
    if keep := os.environ.get("EDAHA_KEEP_SCREEN"):
        Path(keep).write_text(tmux("capture-pane", "-p", "-J"))
    assert "building · step 3 of 3" in screen
    assert "✓     cached  FROM node:22" in screen
    an_end(deployment, DeploymentState.LIVE)
    Branch.objects.filter(pk=branch.pk).update(live=deployment, state="live")
    left = seen(tmux, "ended=0")
    assert branch.url in left.replace("\n", "")
    assert "RUN npm ci" not in left


def test_destroy_asks_first(tmux: Tmux) -> None:
    branch = a_live_branch()
    type_edaha(tmux, "destroy")
    seen(tmux, "[y/N]")
    tmux("send-keys", "n", "Enter")
    seen(tmux, "ended=2")
    assert Branch.objects.get(pk=branch.pk).wanted == Wanted.PRESENT
    type_edaha(tmux, "destroy")
    seen(tmux, "[y/N]")
    tmux("send-keys", "y", "Enter")
    seen(tmux, "ended=0")
    assert Branch.objects.get(pk=branch.pk).wanted == Wanted.ABSENT


def test_control_c_ends_without_a_traceback(tmux: Tmux) -> None:
    some_lines(a_deployment(a_branch()), 1, 2)
    type_edaha(tmux, "logs -f --every 0.2")
    seen(tmux, "line 2")
    tmux("send-keys", "C-c")
    assert "Traceback" not in seen(tmux, "ended=130")

"""A worker that is being stopped gives its work back, and another one goes on at once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments import handover
from deployments.adapters import buildx, wakeups
from deployments.adapters.process import Process
from deployments.errors import PlatformError
from deployments.models import Deployment
from deployments.states import DeploymentState

from .world import FakeBuildx, World


@pytest.fixture
def stopping() -> Iterator[None]:
    yield
    handover.forget()


def _deployment_whose_build_is_interrupted(
    world: World, monkeypatch: pytest.MonkeyPatch, by: type[Exception] | None
) -> Deployment:
    """SIGTERM comes in the middle of a build, which ends by `by` or at its next heartbeat."""
    branch = world.new_branch()
    build = FakeBuildx().build

    def interrupted(*arguments: Any, beat: Any, **more: Any) -> str:
        handover.request()
        if by is not None:
            raise by("docker: signal: terminated")
        beat()
        return build(*arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(buildx, "build", interrupted)
        deployment = world.push(branch)
        world.work_once()
    deployment.refresh_from_db()
    return deployment


@pytest.mark.parametrize("by", [None, PlatformError])
def test_a_build_goes_on_at_another_worker_and_is_no_failed_try(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    stopping: None,
    by: type[Exception] | None,
) -> None:
    deployment = _deployment_whose_build_is_interrupted(world, monkeypatch, by)
    assert (deployment.state, deployment.attempts) == (DeploymentState.BUILDING, 0)
    assert (deployment.lease_owner, deployment.lease_until) == ("", None)
    assert world.ears.heard(wakeups.BUILD) == [(deployment.pk,)]
    handover.forget()
    world.settle()
    deployment.refresh_from_db()
    assert deployment.state == DeploymentState.LIVE, world.story()
    lines = [line for chunk in deployment.chunks.all() for _, _, line in chunk.lines]
    assert any("handed over" in line for line in lines)


def test_the_mark_is_seen_by_children_that_were_forked_before(stopping: None) -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        while not handover.is_requested():
            time.sleep(0.01)
        os.write(writing, b"seen")
        os._exit(0)
    handover.request()
    assert os.read(reading, 4) == b"seen"
    os.waitpid(child, 0)
    os.close(reading)
    os.close(writing)


def test_a_child_that_is_ended_alone_stops_nobody_else(stopping: None) -> None:
    child = os.fork()
    if child == 0:
        handover.request_here()
        os._exit(0 if handover.is_requested() else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert not handover.is_requested()


@pytest.mark.timeout(60)
def test_a_group_of_processes_ends_with_the_build(tmp_path: Path) -> None:
    """buildx's own children included, also where they do not want to."""
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    note = tmp_path / "pid"
    script = (
        "import subprocess, sys, pathlib, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {deaf!r}])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid))\n"
        "print('begun', file=sys.stderr, flush=True)\n"
        "time.sleep(60)\n"
    )
    with pytest.raises(KeyboardInterrupt), Process([sys.executable, "-c", script], {}) as process:
        next(iter(process.lines(every=30)))
        raise KeyboardInterrupt
    assert _is_gone(int(note.read_text()))


def _is_gone(pid: int) -> bool:
    for _ in range(100):
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
        ).stdout.strip()
        if not state or state.startswith("Z"):
            return True
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    return False

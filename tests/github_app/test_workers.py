"""Two workers keep to GitHub's limits together, by Redis; and each by itself without it."""

import os
import subprocess
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from deployments.adapters import github
from deployments.adapters.github import limits, sharing
from deployments.models import Repository
from tests.dashboard.conftest import _redis_socket
from tests.github.fake import Fake

__all__ = ["_redis_socket"]

CHANGES = """
import sys, time
import tests.conftest
from deployments.adapters.github import limits
account = limits.account("installation 11")
print("ready", flush=True)
sys.stdin.readline()
for _ in range(3):
    with account.turn():
        print(time.time(), flush=True)
"""


def another_worker() -> None:
    """The memory of this process is gone; what all share is there."""
    with limits._lock:
        limits._accounts.clear()


def test_what_one_is_told_the_other_heeds(hub: Fake, shop: Repository) -> None:
    hub.refuse("comments", 403, retry_after="60", times=1)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        with pytest.raises(github.Limited):
            github.request(shop, "POST", "/issues/5/comments", {"body": "x"})
        another_worker()
        asked = len(hub.seen)
        with pytest.raises(github.Limited, match="asked again in 1 min"):
            github.request(shop, "GET", "/pulls")
        assert len(hub.seen) == asked
        clock.shift(61)
        github.request(shop, "GET", "/pulls")


def test_the_longer_silence_counts() -> None:
    now = timezone.now()
    sharing.silence("x", now + timedelta(minutes=5))
    sharing.silence("x", now + timedelta(minutes=1))
    assert sharing.silent_until("x") == now + timedelta(minutes=5)
    assert sharing.silent_until("y") is None


def test_turns_are_a_second_apart_whoever_takes_them() -> None:
    moments = [sharing.next_turn("x", now, 1.0) for now in (10.7, 10.8, 11.9, 11.9, 20.2)]
    assert moments == pytest.approx([10.7, 11.7, 12.7, 13.7, 20.2])


def test_two_processes_change_something_a_second_apart(_redis_socket: Path) -> None:
    processes = [_begun(_redis_socket) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    moments = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        out, _ = process.communicate(timeout=60)
        moments += [float(line) for line in out.split()]
    moments.sort()
    gaps = [later - before for before, later in pairwise(moments)]
    assert len(moments) == 6
    assert min(gaps) > 0.8, gaps  # but for what the machine takes to wake somebody up


def _begun(socket: Path) -> "subprocess.Popen[str]":
    code = CHANGES.replace(
        "import tests.conftest\n",
        f"import os, tests.conftest\nfrom django.conf import settings\n"
        f"settings.CACHES['default']['LOCATION'] = 'unix://{socket}'\n",
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONWARNINGS": "default"},
    )

"""Processes are restarted when they die, and none outlives its instance."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.instance import Instance, StartError
from sandbox.processes import EDAHA, STORES, Process
from sandbox.supervise import Supervisor, configuration, end_left_over

SLEEP = ("sleep", "600")


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    instance = Instance(tmp_path, 1, 2, 3)
    instance.make_folders()
    return instance


@pytest.fixture
def supervisor(instance: Instance) -> Iterator[Supervisor]:
    supervisor = Supervisor(instance)
    supervisor.start([Process("first", SLEEP, STORES)])
    yield supervisor
    supervisor.stop()
    end_left_over(instance)


def eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_process_comes_back(supervisor: Supervisor) -> None:
    eventually(lambda: supervisor.states()["first"] == "RUNNING")
    before = supervisor.pids()["first"]

    os.kill(before, signal.SIGKILL)

    eventually(lambda: supervisor.pids()["first"] not in (0, before))


def test_children_of_a_killed_process_do_not_outlive_its_restart(
    supervisor: Supervisor, instance: Instance
) -> None:
    parent = ("sh", "-c", f"sleep 601 & echo $! > {instance.data}/child; wait")
    supervisor.add([Process("first", SLEEP, STORES), Process("parent", parent, EDAHA)])
    eventually(lambda: (instance.data / "child").exists() and supervisor.pids()["parent"] > 0)
    child = int((instance.data / "child").read_text())
    before = supervisor.pids()["parent"]

    os.kill(before, signal.SIGKILL)

    eventually(lambda: supervisor.pids()["parent"] not in (0, before) and not is_alive(child))


def test_stopping_ends_all(supervisor: Supervisor) -> None:
    eventually(lambda: supervisor.states()["first"] == "RUNNING")
    pid = supervisor.pids()["first"]

    supervisor.stop()

    assert not is_alive(pid)


def test_what_a_killed_supervisor_leaves_is_found_and_ended(
    supervisor: Supervisor, instance: Instance
) -> None:
    eventually(lambda: supervisor.states()["first"] == "RUNNING")
    pid = supervisor.pids()["first"]
    assert supervisor.daemon is not None
    supervisor.daemon.kill()
    supervisor.daemon.wait()
    with pytest.raises(StartError, match="supervisord has ended"):
        supervisor.states()
    assert is_alive(pid)

    assert end_left_over(instance) == 1

    assert not is_alive(pid)
    assert end_left_over(instance) == 0


def test_values_are_passed_as_they_are(instance: Instance, supervisor: Supervisor) -> None:
    value = r"postgres://u:50%25@h/db?a='b'&c=\d"
    command = ("sh", "-c", 'printf %s "$VALUE" > "$0"; sleep 600', str(instance.data / "100% out"))
    process = Process("second", command, EDAHA, {"VALUE": value})

    supervisor.add([Process("first", SLEEP, STORES), process])

    eventually((instance.data / "100% out").exists)
    eventually(lambda: (instance.data / "100% out").read_text() == value)


def test_a_value_that_supervisord_cannot_hold_is_refused(instance: Instance) -> None:
    with pytest.raises(StartError, match="quote"):
        configuration(instance, [Process("one", SLEEP, EDAHA, {"VALUE": 'a"b'})])

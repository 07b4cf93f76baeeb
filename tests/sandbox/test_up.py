"""bin/up's refusals: one clear line on stderr, no traceback, an exit code."""

import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.instance import ROOT, Instance, StartError, free_port


def up(data: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    ports = {name: str(free_port()) for name in ("EDAHA_PORT", "EDAHA_ROUTER_PORT")}
    return subprocess.run(
        [sys.executable, "-m", "sandbox.up", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        env={
            **os.environ,
            **ports,
            "EDAHA_AWS_PORT": str(free_port()),
            "EDAHA_DATA": str(data),
            **environment,
        },
    )


@pytest.mark.parametrize("name", ["EDAHA_PORT", "EDAHA_ROUTER_PORT", "EDAHA_AWS_PORT"])
def test_a_taken_port_is_named(tmp_path: Path, name: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = up(tmp_path, **{name: str(port)})

    assert done.returncode == 1
    assert done.stderr == f"Edaha: port {port} is taken; set {name} to a free one\n"


def test_a_second_start_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = up(tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith(f"Edaha: another bin/up is running on {tmp_path} ")
    assert done.stderr.count("\n") == 1


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()

    done = up(tmp_path, "--fresh")

    assert done.returncode == 1
    assert "has other things in it (thesis.tex); EDAHA_DATA must be a folder" in done.stderr
    assert (tmp_path / "thesis.tex").exists()


def test_a_missing_tool_is_named(tmp_path: Path) -> None:
    done = up(tmp_path, PATH="/nonexistent")

    assert done.returncode == 1
    assert done.stderr.startswith("Edaha: missing: git, docker, docker-buildx; please install")
    assert done.stderr.count("\n") == 1


def test_a_port_that_is_no_number_is_named(tmp_path: Path) -> None:
    done = up(tmp_path, EDAHA_PORT="http")

    assert done.returncode == 1
    assert done.stderr == "Edaha: EDAHA_PORT is 'http': it must be a port number\n"


def test_help_tells_of_the_settings(tmp_path: Path) -> None:
    done = up(tmp_path, "--help")

    assert done.returncode == 0
    for word in ("--fresh", "--no-sample", "EDAHA_DATA", "EDAHA_ROUTER_PORT"):
        assert word in done.stdout


def test_sockets_of_a_deep_data_folder_lie_where_their_path_is_short(tmp_path: Path) -> None:
    deep = Instance(tmp_path / ("x" * 100), 1, 2, 3)
    near = Instance(Path("/srv/edaha"), 1, 2, 3)

    assert near.run == Path("/srv/edaha/run")
    assert str(deep.run).startswith("/tmp/edaha-")
    assert deep.run != Instance(tmp_path / ("y" * 100), 1, 2, 3).run


def test_what_an_instance_chose_is_remembered_for_its_owner_only(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "data", 1, 2, 3)
    chosen = (instance.dns_port, instance.secret_key, instance.webhook_secret)

    again = Instance(tmp_path / "data", 1, 2, 3)

    assert (again.dns_port, again.secret_key, again.webhook_secret) == chosen
    assert (tmp_path / "data/instance.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("value", ["0", "65536", "-1", "1e3", " 80"])
def test_ports_are_checked(value: str) -> None:
    with pytest.raises(StartError, match="EDAHA_AWS_PORT"):
        Instance.from_environment({"EDAHA_AWS_PORT": value})

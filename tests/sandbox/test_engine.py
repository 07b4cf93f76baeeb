"""An engine that instances start is shared by them, and ends with the last."""

import http.server
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import base_image
from sandbox.engine import (
    Engine,
    gateway,
    remove_containers,
    remove_file_systems,
    shared,
    shortcomings,
)
from sandbox.instance import StartError


def silent(text: str) -> None:
    """Nobody listens to the progress."""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine apart from the machine's own.

    It gets a network namespace of its own: two engines would quarrel over docker0, and one that
    is told to have no bridge removes that of the other. Its folder has a short name, since
    containerd's sockets lie deep in it.
    """
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    with tempfile.TemporaryDirectory(prefix="engine-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        apart = ("data-root", "exec-root", "pidfile")
        options = [f"--{each}={folder / each}" for each in apart]
        yield Engine(
            socket=folder / "docker.sock",
            state=folder / "state",
            config=folder / "daemon.json",
            command=("unshare", "--net", "dockerd", *options),
        )


@pytest.mark.docker
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start an engine")
@pytest.mark.skipif(not shutil.which("dockerd"), reason="the engine is on another machine")
def test_the_last_one_out_stops_the_engine_that_the_first_one_started(
    engine: Engine, tmp_path: Path
) -> None:
    log = tmp_path / "dockerd.log"
    with shared(engine, log, silent):
        assert shortcomings(engine) == ""
        with shared(engine, log, silent):
            pass
        assert engine.docker("version").returncode == 0

    assert engine.docker("version").returncode != 0
    assert not engine.pidfile.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start an engine")
def test_an_engine_that_does_not_start_says_why(engine: Engine, tmp_path: Path) -> None:
    broken = Engine(engine.socket, engine.state, engine.config, ("dockerd", "--no-such-option"))

    with (
        pytest.raises(StartError, match=r"dockerd does not start: .*no-such-option"),
        shared(broken, tmp_path / "dockerd.log", silent),
    ):
        pass


def test_an_address_where_nobody_answers_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")

    with (
        pytest.raises(StartError, match="no Docker engine answers at unix://"),
        shared(Engine(), tmp_path / "log", silent),
    ):
        pass


@pytest.mark.docker
def test_containers_reach_this_machine_at_the_gateway() -> None:
    base_image.ensure()
    address = gateway(Engine())
    assert address is not None
    server = http.server.HTTPServer((address, 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    url = f"http://preview.localhost:{server.server_address[1]}/"
    script = f"import urllib.request as r; r.urlopen({url!r})"
    name = ("--add-host", "preview.localhost:host-gateway")

    answer = Engine().docker("run", "--rm", *name, base_image.NAME, "python3", "-c", script)
    thread.join()
    server.server_close()

    assert "HTTP Error 501" in answer.stderr  # what a handler without methods answers


@pytest.mark.docker
def test_volumes_of_tasks_go_with_the_containers_and_file_systems_when_all_is_forgotten() -> None:
    docker, instance = Engine(), f"edaha-test-{os.getpid()}"
    mine = ("--label", f"edaha.instance={instance}")
    listing = ("volume", "ls", "--quiet", "--filter", f"label=edaha.instance={instance}")
    docker.docker("volume", "create", *mine, f"{instance}-files")
    docker.docker("volume", "create", *mine, "--label", "edaha.task=1", f"{instance}-task")

    remove_containers(docker, instance)
    assert docker.docker(*listing).stdout.split() == [f"{instance}-files"]
    remove_file_systems(docker, instance)
    assert docker.docker(*listing).stdout == ""


def test_an_engine_elsewhere_has_no_gateway_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its `docker` tells of a bridge whose address is not of this machine."""
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho 203.0.113.1\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    assert gateway(Engine()) is None

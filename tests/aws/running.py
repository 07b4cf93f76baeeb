"""A running proxy: its own process, clients for it, and its own endpoints."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from bench.network import free_port, wait_for_port

ROOT = Path(__file__).resolve().parent.parent.parent
REGION = "eu-west-1"
#: What the caller is called: the emulator believes anybody.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Running:
    url: str

    def client(self, service: str, *, tries: int = 1, seconds: float = 60) -> Any:
        """boto3's client, which by itself tries nothing again."""
        return client(self.url, service, tries=tries, seconds=seconds)

    def emulator_alone(self, service: str) -> Any:
        """A client of the same emulator, past every rule."""
        return client(self._get("upstream")["url"], service)

    def left(self, prefix: str = "") -> dict[str, Any]:
        return self._get(f"left?prefix={prefix}")

    def running(self, name: str) -> dict[str, int]:
        return self._get(f"running?name={name}")

    def statistics(self) -> dict[str, dict[str, int]]:
        return self._get("statistics")

    def fault_part(self, part: float) -> None:
        """From now on, this part of all calls goes wrong."""
        self._ask("faults", {"part": part})

    def next_fault(self, call: str, fault: str) -> None:
        """The next call of that name, such as ecs.CreateService, goes wrong."""
        self._ask("faults", {"next": call, "fault": fault})

    def _get(self, path: str) -> dict[str, Any]:
        return self._ask(path, None)

    def _ask(self, path: str, body: Any) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_proxy/{path}", data)
        with _DIRECT.open(request, timeout=20) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@cache
def client(url: str, service: str, *, tries: int = 1, seconds: float = 60) -> Any:
    """boto3's client; a new one costs a tenth of a second."""
    session = boto3.Session("testing", "testing", region_name=REGION)
    make: Any = session.client
    return make(
        service,
        endpoint_url=url,
        config=Config(
            retries={"mode": "standard", "total_max_attempts": tries}, read_timeout=seconds
        ),
    )


@contextmanager
def proxy(*options: str, port: int = 0) -> Iterator[Running]:
    """`python -m tests.aws.proxy` with these options; it ends with the block."""
    port = port or free_port()
    command = [sys.executable, "-m", "tests.aws.proxy", "--port", str(port), *options]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)
    try:
        wait_for_port(port, seconds=60)
        yield Running(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()

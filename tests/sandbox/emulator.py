"""The emulator as a process of its own, on data of its own."""

import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

from sandbox.instance import ROOT, Instance, free_port
from sandbox.processes import stores
from sandbox.virtualenv import EMULATOR, ensure


class Emulator:
    """A process that can be killed and started again on the same data."""

    def __init__(self, folder: Path, **environment: str) -> None:
        ensure(EMULATOR, ROOT / "sandbox/requirements.txt")
        self.instance = Instance(folder, 1, 2, free_port())
        self.instance.make_folders()
        self.url = self.instance.aws_url
        self.state = self.instance.data / "aws"
        self.log = folder / "emulator.log"
        [emulator] = [one for one in stores(self.instance) if one.name == "emulator"]
        self.environment = {**os.environ, **emulator.environment, **environment}
        self.command = emulator.command

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                self.call("GET", "/_ministack/health")
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the emulator does not start: " + self.log.read_text()[-2000:])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        request = urllib.request.Request(self.url + path, body or None, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return bytes(answer.read())

    def ecr(self, action: str, **parameters: object) -> dict[str, Any]:
        return self._action(f"AmazonEC2ContainerRegistry_V20150921.{action}", parameters)

    def _action(self, target: str, parameters: dict[str, object]) -> dict[str, Any]:
        answer = self.call("POST", "/", json.dumps(parameters).encode(), **{"X-Amz-Target": target})
        return dict(json.loads(answer))

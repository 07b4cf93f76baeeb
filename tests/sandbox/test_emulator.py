"""The emulator keeps its state and its registry's blobs even when it is killed."""

import hashlib
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.instance import ROOT, Instance, free_port
from sandbox.processes import stores
from sandbox.virtualenv import EMULATOR, ensure

LAYER = b"a layer" * 1000
DIGEST = "sha256:" + hashlib.sha256(LAYER).hexdigest()


class Emulator:
    """A process that can be killed and started again on the same data."""

    def __init__(self, folder: Path) -> None:
        instance = Instance(folder, 1, 2, free_port())
        instance.make_folders()
        self.url = instance.aws_url
        self.state = instance.data / "aws"
        [emulator] = [one for one in stores(instance) if one.name == "emulator"]
        no_docker = {"DOCKER_HOST": f"unix://{folder}/none.sock"}
        self.environment = {**os.environ, **emulator.environment, **no_docker}
        self.command = emulator.command

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                self.call("GET", "/_ministack/health")
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the emulator does not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        request = urllib.request.Request(self.url + path, body or None, headers, method=method)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return bytes(answer.read())

    def ecr(self, action: str, **parameters: object) -> dict[str, object]:
        target = {"X-Amz-Target": f"AmazonEC2ContainerRegistry_V20150921.{action}"}
        answer = self.call("POST", "/", json.dumps(parameters).encode(), **target)
        return dict(json.loads(answer))


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    ensure(EMULATOR, ROOT / "sandbox/requirements.txt")
    emulator = Emulator(tmp_path)
    emulator.start()
    yield emulator
    emulator.kill()


def test_a_killed_emulator_comes_back_as_it_was(emulator: Emulator) -> None:
    emulator.ecr("CreateRepository", repositoryName="edaha/red")
    emulator.call("POST", f"/v2/edaha/red/blobs/uploads/?digest={DIGEST}", LAYER)
    deadline = time.monotonic() + 5
    while not (emulator.state / "ecr.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)

    emulator.kill()
    emulator.start()

    assert emulator.ecr("DescribeRepositories")["repositories"]
    assert emulator.call("GET", f"/v2/edaha/red/blobs/{DIGEST}") == LAYER


def test_blobs_are_kept_out_of_its_state(emulator: Emulator) -> None:
    emulator.ecr("CreateRepository", repositoryName="edaha/red")
    emulator.call("POST", f"/v2/edaha/red/blobs/uploads/?digest={DIGEST}", LAYER)
    emulator.process.terminate()
    emulator.process.wait(10)

    assert (emulator.state / "ecr.json").stat().st_size < len(LAYER)
    [blob] = (emulator.state / "blobs").glob("*/*")
    assert blob.read_bytes() == LAYER


def test_an_unknown_blob_is_not_found(emulator: Emulator) -> None:
    emulator.ecr("CreateRepository", repositoryName="edaha/red")

    with pytest.raises(urllib.error.HTTPError) as refusal:
        emulator.call("GET", f"/v2/edaha/red/blobs/{DIGEST}")
    refusal.value.close()

    assert refusal.value.code == 404

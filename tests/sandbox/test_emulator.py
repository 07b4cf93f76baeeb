"""The emulator keeps its state and its registry's blobs even when it is killed."""

import hashlib
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.emulator import Emulator

LAYER = b"a layer" * 1000
DIGEST = "sha256:" + hashlib.sha256(LAYER).hexdigest()


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path, DOCKER_HOST=f"unix://{tmp_path}/none.sock")
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

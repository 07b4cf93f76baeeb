"""The action `build` with Docker itself in the place of docker/build-push-action."""

import csv
import io
import json
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.sandbox.emulator import Emulator

from .runner import Runner
from .seam import Seam, an_image
from .test_build import build

pytestmark = pytest.mark.docker


@pytest.fixture
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    emulator = Emulator(tmp_path_factory.mktemp("registry"))
    emulator.start()
    emulator.ecr("CreateRepository", repositoryName="edaha/shop")
    yield emulator.url.partition("://")[2]
    emulator.kill()


@pytest.fixture
def docker(job: Runner) -> None:
    """Docker is told what its action would tell it, but for GitHub's cache."""

    def build_and_push(inputs: Mapping[str, str]) -> dict[str, str]:
        args = [row[0] for row in csv.reader(io.StringIO(inputs["build-args"], newline=""))]
        told = job.folder / "metadata.json"
        command = ["docker", "buildx", "build", "--push", f"--metadata-file={told}"]
        command += [f"--{name}={inputs[name]}" for name in ("file", "target", "provenance", "sbom")]
        command += [f"--platform={inputs['platforms']}", f"--tag={inputs['tags']}"]
        command += [f"--build-arg={each}" for each in args]
        done = subprocess.run(
            [*command, inputs["context"]], cwd=job.workspace, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return {"digest": json.loads(told.read_text())["containerimage.digest"]}

    job.stand_ins = {"docker/build-push-action": build_and_push}


def read(reference: str, *options: str) -> Any:
    command = ["docker", "buildx", "imagetools", "inspect", *options, reference]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def test_the_digest_is_that_of_an_image_ecs_can_run(
    job: Runner, seam: Seam, registry: str, docker: None
) -> None:
    app = job.workspace / "app"
    app.mkdir()
    (app / "Dockerfile").write_text(
        "FROM scratch AS web\nARG WHAT\nLABEL what=$WHAT\nCOPY page /\nFROM scratch AS last\n"
    )
    (app / "page").write_text("A page")
    what = 'one, "two"\n#three'
    seam.images = [
        an_image(
            repository=f"{registry}/edaha/shop",
            context="app",
            dockerfile="app/Dockerfile",
            target="web",
            args={"WHAT": what},
        )
    ]
    done = build(job, seam)
    assert done.code == 0, done.said
    image = done.outputs["image"]
    assert image == f"{registry}/edaha/shop@{done.outputs['digest']}"
    # The image itself, and no index with an attestation beside it.
    manifest = read(image, "--raw")
    assert "manifests" not in manifest and len(manifest["layers"]) == 1
    config = read(image, "--format={{json .Image}}")
    assert config["config"]["Labels"] == {"what": what}

"""A stranger's build in the same Docker engine as all others: what it finds there, and leaves."""

import subprocess
import uuid
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments.adapters import buildx
from deployments.adapters.buildkit import Line, Progress, Step
from deployments.adapters.buildx import BuildRequest, Credentials
from deployments.errors import EdahaError
from tests.journey import base_images
from tests.sandbox.emulator import Emulator

pytestmark = pytest.mark.docker
_KNOWN = Credentials("", "")


class Builder:
    """Builds one Dockerfile, as ourselves or as somebody else, and says what its steps did."""

    def __init__(self, folder: Path) -> None:
        base_images.ensure()
        self.mark = uuid.uuid4().hex
        self.folder = folder
        (folder / "Dockerfile").write_text(
            f"FROM {base_images.BUSYBOX}\n"
            f"RUN --mount=type=cache,id={self.mark},target=/kept "
            f"cat /kept/who; echo found by {self.mark} > /kept/who\n"
        )

    def build(self, stranger: str = "") -> tuple[str, bool]:
        """What the step printed, and whether it was taken from a cache."""
        printed: list[str] = []
        cached: dict[str, bool] = {}

        def report(change: Step | Line) -> None:
            if isinstance(change, Line):
                printed.append(change.text)
            elif "RUN" in change.name:
                cached[change.name] = bool(change.cached)

        request = BuildRequest(
            self.folder, self.folder / "Dockerfile", ("linux/amd64",), "", stranger=stranger
        )
        with buildx._private_folder(_KNOWN, {}) as folder:
            command = buildx.try_command(request, folder)
            progress = Progress()
            assert buildx._run(command, folder, progress, report, lambda: None) == 0
        return "\n".join(printed), any(cached.values())


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


def test_a_cache_mount_of_ours_is_not_a_strangers(builder: Builder) -> None:
    builder.build()
    printed, _ = builder.build("edaha-fork-1")
    assert builder.mark not in printed


def test_what_a_stranger_leaves_in_a_cache_mount_is_not_ours(builder: Builder) -> None:
    builder.build("edaha-fork-1")
    printed, _ = builder.build()
    assert builder.mark not in printed


def test_neither_takes_the_others_step_for_its_own(builder: Builder) -> None:
    """The result of a step with a secret, or without one, is the other's no more than its files."""
    everybody = ("", "edaha-fork-1", "edaha-fork-2")
    assert [builder.build(whose)[1] for whose in everybody] == [False] * 3
    assert [builder.build(whose)[1] for whose in everybody] == [True] * 3


@pytest.fixture
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    emulator = Emulator(tmp_path_factory.mktemp("registry"))
    emulator.start()
    emulator.ecr("CreateRepository", repositoryName="edaha/shop")
    yield emulator.url.partition("://")[2]
    emulator.kill()


def test_a_strangers_image_is_pushed_once_its_steps_have_run_without_credentials(
    builder: Builder, registry: str
) -> None:
    target = f"{registry}/edaha/shop:pr-1-{builder.mark[:12]}.app"
    (builder.folder / "Dockerfile").write_text(
        f"FROM {base_images.BUSYBOX}\n"
        "RUN --mount=type=cache,id=times,target=/kept echo ran >> /kept/times; cat /kept/times\n"
        "EXPOSE 8000\n"
    )
    printed: list[str] = []

    def report(change: Step | Line) -> None:
        if isinstance(change, Line) and change.text.strip() == "ran":
            printed.append(change.text)

    request = BuildRequest(
        builder.folder,
        builder.folder / "Dockerfile",
        ("linux/amd64",),
        target,
        # The mark: in this engine nobody's steps were run before.
        stranger=f"edaha-fork-{builder.mark[:12]}",
    )
    known = Credentials(registry, b64encode(b"AWS:password").decode())
    digest = buildx.build(request, known, report=report, beat=lambda: None)
    assert printed == ["ran"]  # and not once more before the push
    assert buildx.inspect(f"{target.partition(':pr-')[0]}@{digest}", known) == {
        "linux/amd64": [8000]
    }
    left = subprocess.run(["docker", "image", "inspect", target], capture_output=True, check=False)
    assert left.returncode != 0


def test_what_cannot_be_pulled_without_credentials_is_never_pushed(
    builder: Builder, registry: str
) -> None:
    """A private image in `FROM`: the login for the push would open it."""
    (builder.folder / "Dockerfile").write_text(f"FROM {registry}/edaha/payroll:1\n")
    request = BuildRequest(
        builder.folder, builder.folder / "Dockerfile", ("linux/amd64",), f"{registry}/edaha/shop:1",
        stranger="edaha-fork-1",
    )  # fmt: skip
    asked: list[list[str]] = []
    ran = buildx._run

    def run(command: list[str], *rest: Any) -> int:
        asked.append(command)
        return ran(command, *rest)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(EdahaError):
        patch.setattr(buildx, "_run", run)
        buildx.build(request, _KNOWN, report=lambda _: None, beat=lambda: None)
    assert [("push=true" in " ".join(command)) for command in asked] == [False]

"""A stranger's build in the same Docker engine as all others: what it finds there, and leaves."""

import uuid
from pathlib import Path

import pytest

from deployments.adapters import buildx
from deployments.adapters.buildkit import Line, Progress, Step
from deployments.adapters.buildx import BuildRequest, Credentials
from tests.journey import base_images

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

"""What bin/test lint would say of mistakes in scripts, actions and workflows."""

from pathlib import Path

import pytest

from tests import linting


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our actions and examples, to be spoilt."""
    for name in (".github", "docs/examples"):
        for file in (linting.ROOT / name).rglob("*.yaml"):
            copy = tmp_path / "copy" / file.relative_to(linting.ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    monkeypatch.setattr(linting, "ROOT", tmp_path / "copy")
    monkeypatch.setattr(linting, "EXAMPLES", tmp_path / "copy/docs/examples")
    return tmp_path / "copy"


MISTAKES = {
    "an input that is not there": ("docs/examples/preview.yaml", "server:", "sever:"),
    "an output that is not there": ("docs/examples/preview.yaml", "outputs.url", "outputs.uri"),
    "a permission that is none": ("docs/examples/nightly.yaml", "id-token: write", "id-token: x"),
    "a job that is not there": ("docs/examples/build-in-actions.yaml", "needs: build", "needs: b"),
    "another's input": (".github/actions/build/action.yaml", "        file:", "        files:"),
    "a tag": (
        ".github/actions/build/action.yaml",
        "docker/setup-qemu-action@29109295f81e9208d7d86ff1c6c12d2833863392",
        "docker/setup-qemu-action@v3",
    ),
    "an expression in a script": (
        ".github/actions/preview/action.yaml",
        'run: exec python3 "',
        'run: exec ${{ inputs.branch }} "',
    ),
    "a word that the shell splits": (
        ".github/actions/preview/action.yaml",
        '"$GITHUB_ACTION_PATH/preview.py"',
        "$GITHUB_ACTION_PATH/preview.py",
    ),
    "a key that is none": (".github/actions/preview/action.yaml", "required: true", "requird: x"),
}


def test_there_are_none(repository: Path, tmp_path: Path) -> None:
    assert linting.actionlint(tmp_path / "checked") == 0


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found(repository: Path, tmp_path: Path, mistake: str) -> None:
    name, right, wrong = MISTAKES[mistake]
    file = repository / name
    assert right in file.read_text()
    file.write_text(file.read_text().replace(right, wrong))
    assert linting.actionlint(tmp_path / "checked") != 0


def test_a_scripts_mistake_is_found(tmp_path: Path) -> None:
    script = tmp_path / "a.sh"
    script.write_text("#!/bin/sh\nrm $1\n")
    assert linting.shellcheck([script]) != 0

"""Definitions that mean harm: a clear message each, and ECS hears nothing of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from . import account
from .running import Running
from .step import Step

#: Nine times nine times nine …: a few lines that stand for billions.
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
HUGE = "services:\n  web:\n    port: 3000\n#" + "x" * (10 * 1024 * 1024)

Change = Callable[[Path], None]


def text(file: str, content: str) -> Change:
    def change(folder: Path) -> None:
        (folder / file).write_text(content)

    return change


def replaced(file: str, old: str, new: str) -> Change:
    def change(folder: Path) -> None:
        before = (folder / file).read_text()
        assert old in before
        (folder / file).write_text(before.replace(old, new))

    return change


def link(file: str, target: str) -> Change:
    def change(folder: Path) -> None:
        (folder / file).unlink()
        (folder / file).symlink_to(target)

    return change


CONTAINER = '"name": "shop",\n'
TASK = '"family": "shop",\n'
JSON = "ecs-task-def.json"
#: Branch → the example that it begins with, what it changes, what people read then.
HOSTILE: dict[str, tuple[str, Change, str]] = {
    "yaml-bomb": ("2-settings", text("edaha.yml", BOMB), "values, those of aliases counted"),
    "ten-megabytes": ("2-settings", text("edaha.yml", HUGE), "a definition may have 1,048,576"),
    "link-out": ("2-settings", link("edaha.yml", "/etc/passwd"), "leads out of the repository"),
    "link-up": ("2-settings", link("edaha.yml", "../../up.out"), "leads out of the repository"),
    "import-out": (
        "8-ecspresso-jsonnet",
        replaced("deploy/container.libsonnet", "name: name,", "name: importstr '/etc/passwd',"),
        "/etc/passwd",
    ),
    "endless-jsonnet": (
        "8-ecspresso-jsonnet",
        replaced(
            "deploy/container.libsonnet", "name: name,", "name: (local f(x) = f(x + 1); f(0)),"
        ),
        "deploy/",
    ),
    "workers-environment": (
        "7-ecspresso",
        replaced(JSON, "{{ must_env `IMAGE_TAG` }}", "{{ must_env `EDAHA_SECRET_KEY` }}"),
        "EDAHA_SECRET_KEY",
    ),
    "privileged": (
        "7-ecspresso",
        replaced(JSON, CONTAINER, CONTAINER + '"privileged": true,\n'),
        "Container shop has every privilege of its host, which this repository may not.",
    ),
    "host-volume": (
        "7-ecspresso",
        replaced(JSON, TASK, TASK + '"volumes": [{"name": "all", "host": {"sourcePath": "/"}}],\n'),
        "The volume all is / of its host, which this repository may not use.",
    ),
    "foreign-role": (
        "7-ecspresso",
        replaced(JSON, ':role/shop"', ':role/administrator"'),
        f"The role {account.ROLES}/administrator is not one that this repository may use.",
    ),
}


@pytest.fixture(scope="module")
def hostile(steps: dict[str, Step]) -> dict[str, Step]:
    """Every one is pushed at once: none may keep another one waiting."""
    for branch, (example, change, _) in HOSTILE.items():
        step = steps[example]
        step.application.git("checkout", "--quiet", "-b", branch, "main")
        change(step.application.path)
        step.announce(branch, step.application.commit({}))
    return steps


@pytest.mark.parametrize("branch", HOSTILE)
def test_hostile_definitions_fail_with_a_clear_message(
    hostile: dict[str, Step], running: Running, branch: str
) -> None:
    example, _, message = HOSTILE[branch]

    failed = hostile[example].wait(branch, "failed")

    error, log = failed["deployment"]["error"], hostile[example].log(failed)
    assert message in error
    assert set(error.splitlines()) <= {line.removeprefix("✗ ") for line in log.splitlines()}
    assert "root:x:0" not in error + log
    assert failed["deployment"]["released_at"] is None
    assert running.preview(failed["slug"]).status_code == 503
    told = running.left_in_aws()
    assert not [name for names in told.values() for name in names if f"-{branch}-" in name]


def test_when_every_pull_request_is_closed_nothing_is_left(
    steps: dict[str, Step], running: Running
) -> None:
    for step in steps.values():
        step.close_all()

    left = running.left_in_aws()

    assert {kind: entries for kind, entries in left.items() if entries} == {}

"""Definitions that were made to do harm: each ends in a clear error, soon."""

import json
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from deployments.adapters.jsonnet import evaluate
from deployments.definitions.ecspresso import Surroundings, load
from deployments.definitions.files import Folder
from deployments.definitions.problems import DefinitionError

from .world import CONFIG, TASK, Lookups, loaded

CONFIG_JSONNET = "task_definition: task.jsonnet\n"


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < 8


def bomb() -> str:
    names = "abcdefghi"
    lines = [f"a: &a [{', '.join(['x'] * 9)}]"]
    for before, name in pairwise(names):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    return "\n".join(lines)


HOSTILE = [
    # YAML
    ({"ecspresso.yml": bomb()}, "more than 100,000 values"),
    ({"ecspresso.yml": "a: &a [*a]"}, "within what it stands for"),
    ({"ecspresso.yml": "a: " + "[" * 100_000}, "levels deep"),
    ({"ecspresso.yml": "a: " + "{b: " * 5_000}, "levels deep"),
    ({"ecspresso.yml": "service: !!python/object/apply:os.system [id]"}, "tag"),
    ({"ecspresso.yml": "service: !env HOME"}, "tag"),
    ({"ecspresso.yml": "a: 1\n---\na: 2"}, "several YAML documents"),
    ({"ecspresso.yml": "- x\n" * 150_000}, "more than 100,000 values"),
    ({"ecspresso.yml": "\0"}, "valid YAML"),
    # JSON
    ({"task.json": "[" * 100_000}, "levels deep"),
    ({"task.json": '{"a":' * 100_000}, "levels deep"),
    ({"task.json": f"[{'1,' * 200_000}1]"}, "more than 100,000 values"),
    ({"task.json": f'{{"memory": {"9" * 100_000}}}'}, "too long"),
    # 10 MB
    ({"ecspresso.yml": "#" * 10_000_000}, "10,000,000 bytes"),
    ({"task.json": " " * 10_000_000}, "10,000,000 bytes"),
    # Templates
    ({"task.json": "{{range 1000000000}}{{end}}"}, "more than 100,000 steps"),
    ({"task.json": "{{range 9000}}" + "a" * 200 + "{{end}}"}, "characters of text"),
    (
        {"task.json": "{{$x := `aaaaaaaaaa`}}{{range 60}}{{$x = print $x $x}}{{end}}"},
        "too much text",
    ),
    ({"task.json": '{{define "t"}}{{template "t"}}{{end}}{{template "t"}}'}, "each other"),
    ({"task.json": "{{" + "(" * 100_000}, "levels deep"),
    ({"task.json": "{{if true}}" * 50_000}, "levels deep"),
    ({"task.json": "{{if 0}}{{else if 0}}" + "{{else if 0}}" * 50_000}, "levels deep"),
    ({"task.json": "{{printf `%999999d` 1}}{{printf `%999999d` 1}}"}, "characters of text"),
    ({"task.json": "{{9" + "9" * 100_000 + "}}"}, "not a number"),
    # Jsonnet
    (
        {"ecspresso.yml": CONFIG_JSONNET, "task.jsonnet": "{ a: importstr '/etc/passwd' }"},
        "task.jsonnet:1: “/etc/passwd” cannot be imported",
    ),
    (
        {"ecspresso.yml": CONFIG_JSONNET, "task.jsonnet": "\nimport '../../etc/x'"},
        "task.jsonnet:2: “../../etc/x” cannot be imported",
    ),
    (
        {"ecspresso.yml": CONFIG_JSONNET, "task.jsonnet": "local f(x) = f(x) + 1; f(1)"},
        "max stack frames",
    ),
    (
        {"ecspresso.yml": CONFIG_JSONNET, "task.jsonnet": "std.repeat('x', 1000000000)"},
        "memory",
    ),
    (
        {"ecspresso.yml": CONFIG_JSONNET, "task.jsonnet": "import 'task.jsonnet'"},
        "task.jsonnet",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("files", "message"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_files_are_refused(files: dict[str, str], message: str) -> None:
    with pytest.raises(DefinitionError) as problem:
        loaded(files)
    assert message in str(problem.value)


def folder(path: Path) -> Surroundings:
    return Surroundings(Folder(path), {"GIVEN": "yes"}, Lookups(), evaluate)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    (tmp_path / "secret").write_text('{"family": "stolen"}')
    (root / "ecspresso.yml").write_text(CONFIG)
    (root / "task.json").write_text(json.dumps(TASK))
    return root


def test_links_out_of_the_repository_are_refused(repository: Path) -> None:
    (repository / "task.json").unlink()
    (repository / "task.json").symlink_to("../secret")
    with pytest.raises(DefinitionError, match="leads out of the repository"):
        load("ecspresso.yml", folder(repository))


def test_jsonnet_cannot_follow_a_link_out_of_the_repository(repository: Path) -> None:
    (repository / "link").symlink_to("../secret")
    (repository / "ecspresso.yml").write_text(CONFIG_JSONNET)
    (repository / "task.jsonnet").write_text("import 'link'")
    with pytest.raises(DefinitionError, match="leads out of the repository") as problem:
        load("ecspresso.yml", folder(repository))
    assert problem.value.problems[0].file == "task.jsonnet"


def test_a_link_within_the_repository_is_followed(repository: Path) -> None:
    (repository / "task.json").rename(repository / "real.json")
    (repository / "task.json").symlink_to("real.json")
    assert load("ecspresso.yml", folder(repository)).task_definition["family"] == "app"


def test_the_workers_own_environment_is_not_there(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "secret")
    (repository / "ecspresso.yml").write_text(CONFIG_JSONNET)
    (repository / "task.jsonnet").write_text(
        "{ family: std.native('env')('AWS_SECRET_ACCESS_KEY', 'none'),\n"
        "  cpu: '{{ env `AWS_SECRET_ACCESS_KEY` `none` }}', memory: '{{ env `GIVEN` }}' }"
    )
    found = load("ecspresso.yml", folder(repository))
    assert found.task_definition == {"family": "none", "cpu": "none", "memory": "yes"}
    assert found.config.region == ""

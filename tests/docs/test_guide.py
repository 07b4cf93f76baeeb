"""The guide shows what the examples have, and its claims about definitions hold."""

import json
import re
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())
TEXT = (ROOT / "docs/guide.md").read_text()

#: File → each part of it that the guide shows.
SHOWN = re.findall(r"^`(examples/\S+)`:\n\n```\w+\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
TABLE = TEXT.partition("## What cannot work as a preview")[2]
Json = dict[str, Any]


def check(path: Path, *options: str) -> str:
    """What `manage definitions check` complains of; empty where all is well."""
    out = StringIO()
    try:
        call_command("definitions", "check", str(path), *options, stdout=out, stderr=StringIO())
    except CommandError:
        return out.getvalue()
    return ""


@pytest.mark.parametrize(("file", "part"), SHOWN)
def test_what_is_shown_is_in_the_example(file: str, part: str) -> None:
    content = (ROOT / file).read_text()
    for piece in part.split("…\n"):
        assert piece in content


def test_every_block_names_its_file() -> None:
    assert len(SHOWN) == TEXT.count("\n```") / 2 > 10


@pytest.mark.parametrize("name", NAMES)
def test_every_example_has_its_step_and_says_what_it_is(name: str) -> None:
    assert f"\n## {name[0]}. " in TEXT
    assert any(file.startswith(f"examples/{name}/") for file, _ in SHOWN)
    assert (EXAMPLES / name / "README.md").read_text().startswith("# ")


@pytest.mark.parametrize("name", NAMES)
def test_every_example_passes_the_check(name: str) -> None:
    assert check(EXAMPLES / name) == ""


@pytest.mark.parametrize("name", NAMES)
def test_every_example_can_be_rendered(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("definitions", "render", str(EXAMPLES / name))

    assert '"containerDefinitions"' in capsys.readouterr().out


def in_container(**changes: Any) -> Callable[[Json, Json], None]:
    return lambda task, service: task["containerDefinitions"][0].update(changes)


def in_task(**changes: Any) -> Callable[[Json, Json], None]:
    return lambda task, service: task.update(changes)


def in_service(**changes: Any) -> Callable[[Json, Json], None]:
    return lambda task, service: service.update(changes)


def several_ports(task: Json, service: Json) -> None:
    del service["loadBalancers"]
    task["containerDefinitions"][0]["portMappings"].append({"containerPort": 3001})


def an_srv_registry(task: Json, service: Json) -> None:
    service["serviceRegistries"][0] |= {"containerName": "shop", "containerPort": 3000}


def without_a_network_mode(task: Json, service: Json) -> None:
    del task["networkMode"]


ROLES = "arn:aws:iam::000000000000:role"

#: What the table says cannot work → changes of step 7's files that do it.
REFUSED: dict[str, list[Callable[[Json, Json], None]]] = {
    "`networkMode` other than `awsvpc`, or none": [
        in_task(networkMode="bridge", requiresCompatibilities=["EC2"]),
        without_a_network_mode,
    ],
    "`hostPort` other than `containerPort`": [
        in_container(portMappings=[{"containerPort": 3000, "hostPort": 80}])
    ],
    "`links`, `hostname`, `extraHosts`": [
        in_container(links=["db"]),
        in_container(hostname="shop"),
        in_container(extraHosts=[{"hostname": "db", "ipAddress": "10.0.0.1"}]),
    ],
    "`serviceRegistries` with `port`, `containerName` or `containerPort`": [an_srv_registry],
    "Several ports and no load balancer": [several_ports],
    "`schedulingStrategy` `DAEMON`": [in_service(schedulingStrategy="DAEMON")],
    "`deploymentController` `EXTERNAL`": [in_service(deploymentController={"type": "EXTERNAL"})],
    "`launchType` `EXTERNAL`": [in_service(launchType="EXTERNAL")],
    "`operatingSystemFamily` of Windows": [
        in_task(runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"})
    ],
    "A `cpuArchitecture` that the image is not built for": [
        in_task(runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"})
    ],
    "`privileged`, added capabilities, devices": [
        in_container(privileged=True),
        in_container(linuxParameters={"capabilities": {"add": ["SYS_ADMIN"]}}),
        in_container(linuxParameters={"devices": [{"hostPath": "/dev/kvm"}]}),
    ],
    "Volumes with `sourcePath` on the host": [
        in_task(volumes=[{"name": "all", "host": {"sourcePath": "/"}}])
    ],
    "`pidMode` or `ipcMode` `host`": [in_task(pidMode="host"), in_task(ipcMode="host")],
    "A role that is not the repository's": [in_task(taskRoleArn=f"{ROLES}/administrator")],
}

#: What people are told of each.
SAYS = dict(
    zip(
        REFUSED,
        (
            "tasks need addresses of their own",
            "no host ports",
            "awsvpc does not know",
            "SRV records",
            "Nothing tells which port visitors reach",
            "DAEMON",
            "EXTERNAL deployment controller",
            "EXTERNAL hosts",
            "Linux containers only",
            "for linux/amd64",
            "which this repository may not",
            "of its host, which this repository may not use",
            "its host's .*, which this repository may not",
            "is not one that this repository may use",
        ),
        strict=True,
    )
)


@pytest.mark.parametrize(
    ("row", "change"), [(row, change) for row, changes in REFUSED.items() for change in changes]
)
def test_what_cannot_work_is_refused(
    row: str, change: Callable[[Json, Json], None], tmp_path: Path
) -> None:
    assert f"\n| {row} |" in TABLE
    folder = tmp_path / "shop"
    shutil.copytree(EXAMPLES / "7-ecspresso", folder)
    files = [folder / "ecs-task-def.json", folder / "ecs-service-def.json"]
    task, service = (json.loads(file.read_text()) for file in files)
    change(task, service)
    for file, content in zip(files, (task, service), strict=True):
        file.write_text(json.dumps(content, indent=2))

    # An image that nobody describes is built for whatever the tasks need.
    with (folder / "edaha.yml").open("a") as described:
        described.write("images: {app: {}}\n")

    told = check(folder, "--allow", "role:*:role/shop*")

    assert re.search(rf"^ecs-(task|service)-def.json:\d+: .*{SAYS[row]}", told, re.MULTILINE)


@pytest.mark.parametrize("outside", ["../../passwd", "/etc/passwd"])
def test_what_leads_out_of_the_repository_is_refused(outside: str, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(EXAMPLES / "8-ecspresso-jsonnet", folder)
    shared = folder / "deploy/container.libsonnet"
    shared.write_text(shared.read_text().replace("name: name", f"name: importstr '{outside}'"))

    assert "leads out of the repository" in check(folder)


def test_links_out_of_the_repository_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(EXAMPLES / "7-ecspresso", folder)
    (tmp_path / "outside.json").write_text((folder / "ecs-task-def.json").read_text())
    (folder / "ecs-task-def.json").unlink()
    (folder / "ecs-task-def.json").symlink_to("../outside.json")

    assert "leads out of the repository" in check(folder)


def test_every_row_of_the_table_is_tried() -> None:
    rows = re.findall(r"^\| (?!You wrote|---|`import`)(.+?) \|", TABLE, re.MULTILINE)
    assert set(rows) == set(REFUSED)

"""bin/manage definitions: nothing here has a database, and nobody asks AWS."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from django.core.management import call_command
from django.core.management.base import CommandError

from deployments.definitions.edaha_yml import json_schema

ROOT = Path(__file__).resolve().parents[2]

TASK: dict[str, Any] = {
    "family": "shop",
    "cpu": "256",
    "memory": "512",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "containerDefinitions": [
        {
            "name": "shop",
            "image": "shop:{{ env `TAG` `none` }}",
            "portMappings": [{"containerPort": 80}],
        }
    ],
}
ECSPRESSO = "region: us-east-1\ncluster: main\nservice: shop\ntask_definition: task.json\n"


class Said(NamedTuple):
    #: The exit code.
    code: int
    out: str
    err: str

    @property
    def problems(self) -> list[str]:
        return [line for line in self.out.splitlines() if not line.startswith(" ")]


Say = Callable[..., Said]


@pytest.fixture
def definitions() -> Say:
    """Runs the command as the shell would, without a process of its own."""

    def run(*arguments: object) -> Said:
        out, err = StringIO(), StringIO()
        code = 0
        try:
            call_command("definitions", *map(str, arguments), stdout=out, stderr=err)
        except CommandError as error:
            code = error.returncode
            err.write(str(error))
        return Said(code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """A repository of these files, by name; `/` in a name is written as `__`."""

    def write(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def task(**more: Any) -> str:
    return json.dumps({**TASK, **more})


def test_good_definitions_are_told_with_their_addresses(
    definitions: Say, folder: Callable[..., Path]
) -> None:
    path = folder(Dockerfile="FROM scratch", edaha_yml="services: {web: {}, api: {}}")
    said = definitions("check", path, "--branch", "new-cart")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0] == "edaha.yml: no problems."
    assert said.out.splitlines()[1].startswith("  web  https://new-cart.")
    assert said.out.splitlines()[2].startswith("  api  https://api--new-cart.")


def test_every_problem_has_a_line_that_editors_understand(
    definitions: Say, folder: Callable[..., Path]
) -> None:
    path = folder(Dockerfile="", edaha_yml="services:\n  web:\n    prot: 1\n    cpu: x\n")
    said = definitions("check", path)
    assert said.code == 1
    assert said.problems == [
        "edaha.yml:3: There is no key “prot” in service web.",
        "edaha.yml:4: “cpu” of service web must be a whole number or text such as “1 vCPU”, "
        "but is text.",
    ]
    assert "    Did you mean “port”?" in said.out.splitlines()
    assert said.err == "There are 2 problems."


def test_for_machines_there_is_json(definitions: Say, folder: Callable[..., Path]) -> None:
    path = folder(Dockerfile="", edaha_yml="services: {web: {port: '1'}}")
    said = definitions("check", path, "--json")
    assert said.code == 1
    assert json.loads(said.out) == {
        "problems": [
            {
                "file": "edaha.yml",
                "line": 1,
                "message": "“port” of service web must be a whole number, but is text.",
                "hint": "Take the quotes away: port: 1",
            }
        ],
        "notes": [],
        "services": [],
    }


def test_what_aws_would_refuse_is_told_too(definitions: Say, folder: Callable[..., Path]) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html"""
    path = folder(Dockerfile="", edaha_yml="services:\n  web: {cpu: 256, memory: 300}\n")
    said = definitions("check", path)
    assert said.code == 1
    assert said.problems[0].startswith("edaha.yml:2: ")
    assert "512" in said.out


def test_a_dockerfile_alone_is_fine_and_an_empty_folder_is_not(
    definitions: Say, tmp_path: Path
) -> None:
    empty = definitions("check", tmp_path)
    assert (empty.code, empty.problems) == (1, ["There is no Dockerfile."])
    (tmp_path / "Dockerfile").touch()
    assert definitions("check", tmp_path).code == 0


def test_ecspressos_file_is_enough(definitions: Say, folder: Callable[..., Path]) -> None:
    path = folder(ecspresso_yml=ECSPRESSO, task_json=task())
    assert definitions("check", path).code == 0
    assert definitions("check", path / "ecspresso.yml").code == 0


def test_a_path_is_from_the_repository_that_the_file_is_in(
    definitions: Say, folder: Callable[..., Path]
) -> None:
    config = ECSPRESSO.replace("task.json", "../task.json")
    path = folder(deploy__ecspresso_yml=config, task_json=task())
    alone = definitions("check", path / "deploy" / "ecspresso.yml")
    assert (alone.code, "leads out" in alone.out) == (1, True)
    (path / ".git").mkdir()
    assert definitions("check", path / "deploy" / "ecspresso.yml").code == 0


def test_rendering_tells_what_ecs_is_told_and_what_edaha_changed(
    definitions: Say, folder: Callable[..., Path]
) -> None:
    path = folder(Dockerfile="", ecspresso_yml=ECSPRESSO, task_json=task())
    said = definitions("render", path, "--branch", "x", "--commit", "c0ffee")
    assert said.code == 0
    [service] = json.loads(said.out)
    assert list(service) == ["name", "address", "taskDefinition", "service", "changes"]
    assert service["taskDefinition"]["family"] != "shop"
    container = service["taskDefinition"]["containerDefinitions"][0]
    assert container["image"].startswith("edaha.invalid/app@sha256:")
    assert {"name": "EDAHA_COMMIT", "value": "c0ffee"} in container["environment"]
    assert any(change["where"] == "taskDefinition.family" for change in service["changes"])


def test_plain_is_what_the_team_wrote(definitions: Say, folder: Callable[..., Path]) -> None:
    written = {key[0].upper() + key[1:]: value for key, value in TASK.items()}
    path = folder(ecspresso_yml=ECSPRESSO, task_json=json.dumps({"TaskDefinition": written}))
    said = definitions("render", path, "--plain", "--env", "TAG=7", "--format", "yaml")
    [service] = yaml.safe_load(said.out)
    container = {**TASK["containerDefinitions"][0], "image": "shop:7"}
    assert service["taskDefinition"] == {**TASK, "containerDefinitions": [container]}


def test_one_service_may_be_rendered(definitions: Say, folder: Callable[..., Path]) -> None:
    path = folder(Dockerfile="", edaha_yml="services: {web: {}, api: {}}")
    said = definitions("render", path, "--service", "api")
    assert [service["name"] for service in json.loads(said.out)] == ["api"]
    unknown = definitions("render", path, "--service", "apo")
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.err == "There is no service apo. There is web, api."


def test_templates_are_given_what_the_command_line_says(
    definitions: Say, folder: Callable[..., Path]
) -> None:
    config = ECSPRESSO.replace("task.json", "task.jsonnet")
    source = task(family="FAMILY", cpu="CPU").replace('"FAMILY"', 'std.extVar("name")')
    path = folder(
        ecspresso_yml=config,
        task_jsonnet=source.replace('"CPU"', 'std.toString(std.extVar("cpu") * 256)'),
    )
    given = ("--ext-str", "name=mine", "--ext-code", "cpu=1")
    [service] = json.loads(definitions("render", path, "--plain", *given).out)
    assert service["taskDefinition"]["family"] == "mine"
    assert service["taskDefinition"]["cpu"] == "256"


def test_the_environment_of_whoever_calls_stays_out(
    definitions: Say, folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAG", "leaked")
    path = folder(ecspresso_yml=ECSPRESSO, task_json=task())
    assert "shop:none" in definitions("render", path, "--plain").out


PLUGINS = """plugins:
  - {name: cloudformation}
  - {name: tfstate, config: {url: "s3://states/shop.tfstate"}}
"""
LOOKED_UP = {
    "executionRoleArn": "{{ tfstate `aws_iam_role.pull.arn` }}",
    "taskRoleArn": "{{ cfn_output `shop` `Role` }}",
    "tags": [
        {"key": "a", "value": "{{ ssm `/shop/a` }}"},
        {"key": "b", "value": "{{ tfstatef `module.net.aws_subnet.%s['x'].id` `a` }}"},
        {"key": "c", "value": "{{ secretsmanager_arn `shop/key` }}"},
        {"key": "d", "value": "{{ cfn_export `Zone` }}"},
    ],
}


def test_what_only_aws_knows_is_stood_in_for_and_marked(
    definitions: Say, folder: Callable[..., Path]
) -> None:
    path = folder(ecspresso_yml=ECSPRESSO + PLUGINS, task_json=task(**LOOKED_UP))
    said = definitions("render", path, "--plain")
    made = json.loads(said.out)[0]["taskDefinition"]
    assert made["executionRoleArn"] == "offline:aws_iam_role.pull.arn"
    assert made["taskRoleArn"] == "offline:cfn:shop.Role"
    assert [tag["value"] for tag in made["tags"]] == [
        "offline:ssm:/shop/a",
        "offline:module.net.aws_subnet.a--x--.id",
        "arn:aws:secretsmanager:eu-west-1:000000000000:secret:shop/key-offlin",
        "offline:cfn:Zone",
    ]
    assert said.code == 0
    for name in ("ssm:/shop/a", "secretsmanager:shop/key", "cfn:Zone", "s3:states/shop.tfstate"):
        assert f"Not looked up: {name} " in said.err


def test_terraforms_state_in_the_repository_is_read(
    definitions: Say, folder: Callable[..., Path]
) -> None:
    output = {"value": "from-state", "type": "string"}
    path = folder(
        ecspresso_yml=ECSPRESSO + "plugins:\n  - {name: tfstate, config: {path: shop.tfstate}}\n",
        task_json=task(family="{{ tfstate `output.family` }}"),
        shop_tfstate=json.dumps({"version": 4, "outputs": {"family": output}}),
    )
    [service] = json.loads(definitions("render", path, "--plain").out)
    assert service["taskDefinition"]["family"] == "from-state"


def test_what_an_administrator_must_allow_is_a_note_or_a_problem(
    definitions: Say, folder: Callable[..., Path]
) -> None:
    role = "arn:aws:iam::123456789012:role/shop"
    path = folder(Dockerfile="", edaha_yml=f"services: {{web: {{task_role: '{role}'}}}}")
    told = definitions("check", path)
    assert (told.code, f"--allow role:{role}" in told.err) == (0, True)
    refused = definitions("check", path, "--allow", "ssm:/shop/*")
    assert (refused.code, role in refused.out) == (1, True)
    allowed = definitions("check", path, "--allow", "role:*:role/shop")
    assert (allowed.code, allowed.err) == (0, "")


def test_a_secret_of_another_region_is_allowed_by_its_arn(
    definitions: Say, folder: Callable[..., Path]
) -> None:
    arn = "arn:aws:ssm:ap-northeast-1:123456789012:parameter/shop/db"
    path = folder(Dockerfile="", edaha_yml=f"services: {{web: {{secrets: {{DB: '{arn}'}}}}}}")
    told = definitions("check", path)
    assert (told.code, f"--allow 'ssm:{arn}'" in told.err) == (0, True)
    refused = definitions("check", path, "--allow", "ssm:/shop/*")
    assert (refused.code, arn in refused.out) == (1, True)
    assert definitions("check", path, "--allow", f"ssm:{arn}").code == 0


def test_a_lookup_that_is_not_allowed_is_a_problem(
    definitions: Say, folder: Callable[..., Path]
) -> None:
    path = folder(ecspresso_yml=ECSPRESSO, task_json=task(family="{{ ssm `/shop/a` }}"))
    said = definitions("check", path, "--allow", "ssm:/other/*")
    assert said.code == 1
    assert said.problems[0].startswith("task.json:1: ")
    assert "/shop/a" in said.problems[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check", "/nowhere"), "There is no /nowhere."),
        (("check", "{}", "--file", "no.yml"), "There is no"),
        (("check", "{}/Dockerfile", "--file", "x"), "with a folder only"),
        (("check", "{}", "--env", "A"), "write 'A' as NAME=VALUE"),
        (("check", "{}", "--slug", "A_b"), "no lowercase DNS label"),
        (("check", "{}", "--allow", "all"), "nothing that can be allowed"),
        (("check",), "PATH"),
    ],
)
def test_wrong_usage_is_told_apart(
    definitions: Say, folder: Callable[..., Path], arguments: tuple[str, ...], message: str
) -> None:
    path = folder(Dockerfile="")
    said = definitions(*(text.replace("{}", str(path)) for text in arguments))
    assert message in said.err
    assert said.out == ""


def test_the_schema_is_printed(definitions: Say) -> None:
    said = definitions("schema")
    assert json.loads(said.out) == json_schema()
    assert said.out == (ROOT / "docs" / "edaha.schema.json").read_text()


@pytest.mark.parametrize(
    "example", sorted(path.parent.name for path in ROOT.glob("examples/*/README.md"))
)
def test_the_examples_are_right(definitions: Say, example: str) -> None:
    said = definitions("check", ROOT / "examples" / example)
    assert (said.code, said.out.count("no problems.")) == (0, 1)


@pytest.mark.parametrize(
    ("text", "code"), [("services: {web: {}}", 0), ("services: {web: 1}", 1), (None, 2)]
)
def test_a_shell_sees_it_where_there_is_no_database(
    tmp_path: Path, text: str | None, code: int
) -> None:
    (tmp_path / "Dockerfile").touch()
    if text:
        (tmp_path / "edaha.yml").write_text(text)
    path = tmp_path if text else tmp_path / "nowhere"
    nothing = {"EDAHA_DATA": str(tmp_path / "data"), "EDAHA_DATABASE_URL": ""}
    ran = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "definitions", "check", str(path)],
        env=os.environ | nothing,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, "Traceback" in ran.stderr) == (code, False)
    assert not (tmp_path / "data").exists()


def test_an_image_that_nothing_describes_is_built_for_the_tasks_processor(
    tmp_path: Path, definitions: Say
) -> None:
    arm = TASK | {"runtimePlatform": {"cpuArchitecture": "ARM64"}}
    (tmp_path / "task.json").write_text(json.dumps(arm))
    (tmp_path / "ecspresso.yml").write_text(ECSPRESSO)
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    assert definitions("check", tmp_path).code == 0
    (tmp_path / "edaha.yml").write_text(
        "images: {app: {platforms: [linux/amd64]}}\nservices: {app: {ecspresso: ecspresso.yml}}\n"
    )
    refused = definitions("check", tmp_path)
    assert refused.code == 1
    assert (
        "Tasks run on ARM64, but the image app of container shop is for linux/amd64" in refused.out
    )

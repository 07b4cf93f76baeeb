"""ecspresso.yml. Each row names where its rule is written in kayac/ecspresso."""

import json
from typing import Any

import pytest

from deployments.definitions.ecspresso import Config, find
from deployments.definitions.problems import DefinitionError

from .test_tfstate import STATE
from .world import TASK, Memory, loaded

TESTS = "config_test.go, TestLoadConfigWithPlugin"
YML = """region: '{{ must_env `AWS_REGION` }}'
cluster: default
service: test
service_definition: service.json
task_definition: task.json
timeout: 10m0s
plugins:
  - name: tfstate
    config:
      path: terraform.tfstate
ignore:
  tags:
    - ecspresso:ignore
"""
JSONNET = """// A comment
local must_env = std.native('must_env');
{
  region: must_env('AWS_REGION'),
  cluster: 'default',
  service: 'te' + 'st',
  service_definition: 'service.json',
  task_definition: 'task.json',
  timeout: '10m0s',
  plugins: [{ name: 'tfstate', config: { path: 'terraform.tfstate' } }],
  ignore: { tags: ['ecspresso:ignore'] },
}
"""
JSON = json.dumps(
    {
        "region": "{{ must_env `AWS_REGION` }}",
        "cluster": "default",
        "service": "test",
        "service_definition": "service.json",
        "task_definition": "task.json",
        "timeout": "10m0s",
        "plugins": [{"name": "tfstate", "config": {"path": "terraform.tfstate"}}],
        "ignore": {"tags": ["ecspresso:ignore"]},
    },
    indent=2,
)
FILES = {"service.json": "{}", "terraform.tfstate": STATE}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ecspresso.yml", YML),
        ("ecspresso.yaml", YML),
        ("ecspresso.json", JSON),
        ("ecspresso.json", f"// ecspresso reads .json by jsonnet\n{JSON}"),
        ("ecspresso.jsonnet", JSONNET),
        ("ecspresso.yml", JSON),
    ],
)
def test_every_format_says_the_same(name: str, text: str) -> None:
    config = loaded({**FILES, name: text}, {"AWS_REGION": "ap-northeast-1"}, name).config
    assert config.region == "ap-northeast-1", TESTS
    assert (config.cluster, config.service) == ("default", "test")
    assert (config.service_definition, config.task_definition) == ("service.json", "task.json")
    assert config.timeout_seconds == 600
    assert config.ignore_tags == ("ecspresso:ignore",)
    assert [plugin.name for plugin in config.plugins] == ["tfstate"]


def config(text: str, environment: dict[str, str] | None = None, **files: str) -> Config:
    return loaded(
        {"ecspresso.yml": f"task_definition: task.json\n{text}", **files}, environment
    ).config


VALUES: list[tuple[str, str, Any, str]] = [
    ("service: x", "cluster", "default", "config.go, DefaultClusterName"),
    ("service: x", "timeout_seconds", 600.0, "config_test.go, TestLoadConfigWithoutTimeout"),
    ("service: x", "region", "us-west-2", "config_test.go, TestLoadConfigWithoutTimeout"),
    ("region: eu-west-1", "region", "eu-west-1", "README, Configuration file"),
    ("timeout: 5m", "timeout_seconds", 300.0, "README, Configuration file"),
    ("timeout: 1h30m", "timeout_seconds", 5400.0, "duration_test.go"),
    ("timeout: 1h10m0s", "timeout_seconds", 4200.0, "duration_test.go"),
    ("timeout: 30", "timeout_seconds", 30.0, "duration/duration_test.go (v3)"),
    ("timeout: '30'", "timeout_seconds", 30.0, "duration/duration_test.go (v3)"),
    ("timeout: 1.5", "timeout_seconds", 1.5, "duration/duration_test.go (v3)"),
    ("timeout: 500ms", "timeout_seconds", 0.5, "pkg.go.dev/time: ParseDuration"),
    ("required_version: '>= v2.0, < v3'", "required_version", ">= v2.0, < v3", "config_test.go"),
    ("required_version: '~> v1.1.0'", "required_version", "~> v1.1.0", "config_test.go"),
    ("codedeploy: {application_name: myapp}", "codedeploy", {"application_name": "myapp"},
     "config_test.go, TestLoadConfigForCodeDeploy"),
    ("appspec: {Hooks: [{BeforeInstall: F}]}", "appspec", {"Hooks": [{"BeforeInstall": "F"}]},
     "README, Blue/Green deployment (with AWS CodeDeploy)"),
    ("filter_command: peco", "service", "", "config_test.go, TestFilterCommandDeprecated"),
    ("Service: x", "service", "x", "pkg.go.dev/encoding/json: Unmarshal ignores case"),
    ("region: {{ must_env `AWS_REGION` }}", "region", "us-west-2", "docs/v2-v3.md: worked in v2"),
    ("{{ if true }}\nservice: x\n{{ end }}", "service", "x", "docs/v2-v3.md: worked in v2"),
    ("service: '{{ ssm `/path/to/string` }}'", "service", "ImString",
     "README, Plugin functions in top-level fields"),
    ("service: yes", "service", "yes", "goccy/go-yaml, token/token.go: YAML 1.2"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "value", "source"), VALUES)
def test_a_configuration_is_read_as_ecspresso_reads_it(
    text: str, name: str, value: object, source: str
) -> None:
    assert getattr(config(text, {"AWS_REGION": "us-west-2"}), name) == value, source


@pytest.mark.parametrize("name", ["ecspresso.yml", "ecspresso.jsonnet"])
def test_plugins_work_in_the_configuration_itself(name: str) -> None:
    """README, Plugin functions in top-level fields; tests/config_tfstate_in_config.*."""
    texts = {
        "ecspresso.yml": """
cluster: "{{ tfstate `output.foo` }}"
task_definition: task.json
plugins:
  - {name: tfstate, config: {path: "{{ env `STATE` }}.tfstate"}}
""",
        "ecspresso.jsonnet": """
local tfstate = std.native('tfstate');
{
  cluster: tfstate('output.foo'),
  task_definition: 'task.json',
  plugins: [{ name: 'tfstate', config: { path: '{{ env `STATE` }}.tfstate' } }],
}
""",
    }
    files = {name: texts[name], "terraform.tfstate": STATE}
    assert loaded(files, {"STATE": "terraform"}, name).config.cluster == "FOO"


def test_paths_are_relative_to_the_configuration() -> None:
    """config.go, Restrict; plugin.go, setupPluginTFState."""
    files = {
        "deploy/web/ecspresso.yml": (
            "task_definition: ../task.json\nservice_definition: ./sv.json\n"
            "plugins: [{name: tfstate, config: {path: tf/a.tfstate}}]\n"
        ),
        "deploy/task.json": json.dumps(TASK),
        "deploy/web/sv.json": '{"propagateTags": "{{ tfstate `output.foo` }}"}',
        "deploy/web/tf/a.tfstate": STATE,
    }
    found = loaded(files, path="deploy/web/ecspresso.yml")
    assert found.task_definition_path == "deploy/task.json"
    assert found.service_definition_path == "deploy/web/sv.json"
    assert (found.service_definition or {})["propagateTags"] == "FOO"
    assert found.definition_files == {
        "deploy/web/ecspresso.yml",
        "deploy/task.json",
        "deploy/web/sv.json",
    }


def test_a_service_definition_may_be_missing() -> None:
    found = loaded({})
    assert found.service_definition is None
    assert found.service_definition_path == ""


WRONG = [
    ("task_definition: none.json", 1, "no file none.json"),
    ("service: x\ntask_definition: ../../task.json", 2, "out of the repository"),
    ("service: x\ntask_definition: /etc/task.json", 2, "out of the repository"),
    ("service: x", None, "task_definition is missing"),
    ("task_definition: task.json\nservice: 5", 2, "service must be text, not 5"),
    ("task_definition: task.json\nplugins: {name: ssm}", 2, "must be a list"),
    ("task_definition: task.json\nplugins: [{}]", 2, "no plugin “”"),
    ("task_definition: task.json\nplugins: [null]", 2, "plugins[0] must be a mapping"),
    ("task_definition: task.json\nignore: {tags: x}", 2, "ignore.tags must be a list"),
    ("task_definition: task.json\ntimeout: 10 minutes", 2, "timeout is no duration"),
    ("task_definition: task.json\ntimeout: true", 2, "timeout is no duration"),
    ("task_definition: task.json\nrequired_version: hoge", 2, "required_version"),
    ("express_definition: x.json", 1, "Express mode"),
    ("service: x\nservice: y", 2, "twice"),
    ("- task_definition: task.json", 1, "must be a mapping"),
    ("service: [", None, "valid YAML"),
    ("service: x\ncluster: '{{ must_env `NONE` }}'", 2, "NONE is not set"),
    ("service: x\ncluster: '{{ tfstate `a` }}'", 2, "no template function “tfstate”"),
]


@pytest.mark.parametrize(("text", "line", "message"), WRONG)
def test_a_wrong_configuration_is_refused_with_its_line(
    text: str, line: int | None, message: str
) -> None:
    with pytest.raises(DefinitionError) as problem:
        loaded({"ecspresso.yml": text})
    found = problem.value.problems[0]
    assert found.file == "ecspresso.yml"
    assert message in found.message
    assert line is None or found.line == line


def test_unknown_keys_are_ignored_with_a_warning_as_ecspresso_does() -> None:
    """ecspresso.go, unmarshalJSON: what is unknown is logged, and read again without strictness."""
    found = loaded({"ecspresso.yml": "task_definition: task.json\nservice: x\ntimout: 5m\n"})
    (warning,) = found.warnings
    assert (warning.file, warning.line) == ("ecspresso.yml", 3)
    assert "timout" in warning.message
    assert "Did you mean timeout?" in warning.message


def test_the_root_is_searched_in_ecspressos_order() -> None:
    assert find(Memory({})) is None
    assert find(Memory({"ecspresso.jsonnet": "{}"})) == "ecspresso.jsonnet"
    assert find(Memory({"ecspresso.jsonnet": "", "ecspresso.yaml": ""})) == "ecspresso.yaml"
    assert find(Memory({"ecspresso.yml": "", "ecspresso.yaml": ""})) == "ecspresso.yml"
    assert find(Memory({"deploy/ecspresso.yml": ""})) is None

"""Task and service definitions, as kayac/ecspresso's tests and botocore's model have them."""

import json
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from deployments.definitions.problems import DefinitionError

from . import shapes_of_botocore
from .world import CONFIG, Lookups, loaded

BOTH = "service: web\ntask_definition: task.json\nservice_definition: sv.json\n"

#: tests/td-in-tags.json of ecspresso, in its parts that matter.
TASK = """{
  "status": "ACTIVE",
  "networkMode": "awsvpc",
  "family": "katsubushi",
  "placementConstraints": [],
  "requiresCompatibilities": ["FARGATE"],
  "volumes": [],
  "ephemeralStorage": {"sizeInGiB": 25},
  "containerDefinitions": [
    {
      "environment": [{"name": "worker_id", "value": "3"}],
      "name": "katsubushi",
      "portMappings": [{"protocol": "tcp", "containerPort": 11212}],
      "logConfiguration": {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "fargate", "AwsLogs-Region": "us-east-1"}
      },
      "image": "katsubushi/katsubushi:{{ env `TAG` `latest` }}",
      "dockerLabels": {"name": "katsubushi", "Name": "K"},
      "essential": true,
      "memory": 16
    }
  ],
  "revision": 1,
  "taskDefinitionArn": "arn:aws:ecs:us-east-1:1:task-definition/katsubushi:1",
  "registeredAt": "2024-01-01T00:00:00+09:00",
  "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.task-eni"}],
  "compatibilities": ["EC2"],
  "cpu": "1024",
  "tags": [{"key": "TagKey", "value": "TagValue"}]
}"""
EXPECTED = {
    "networkMode": "awsvpc",
    "family": "katsubushi",
    "requiresCompatibilities": ["FARGATE"],
    "ephemeralStorage": {"sizeInGiB": 25},
    "containerDefinitions": [
        {
            "environment": [{"name": "worker_id", "value": "3"}],
            "name": "katsubushi",
            "portMappings": [{"protocol": "tcp", "containerPort": 11212}],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "fargate", "AwsLogs-Region": "us-east-1"},
            },
            "image": "katsubushi/katsubushi:latest",
            "dockerLabels": {"name": "katsubushi", "Name": "K"},
            "essential": True,
            "memory": 16,
        }
    ],
    "cpu": "1024",
    "tags": [{"key": "TagKey", "value": "TagValue"}],
}
YAML = """
taskDefinition:
  networkMode: awsvpc
  family: katsubushi
  requiresCompatibilities: [FARGATE]
  ephemeralStorage: {sizeInGiB: 25}
  containerDefinitions:
    - name: katsubushi
      environment:
        - {name: worker_id, value: "3"}
      portMappings: [{protocol: tcp, containerPort: 11212}]
      logConfiguration:
        logDriver: awslogs
        options: {awslogs-group: fargate, AwsLogs-Region: us-east-1}
      image: katsubushi/katsubushi:{{ env `TAG` `latest` }}
      dockerLabels: {name: katsubushi, Name: K}
      essential: true
      memory: 16
  cpu: "1024"
  tags: [{key: TagKey, value: TagValue}]
"""
JSONNET = """
local container = import 'libs/container.libsonnet';
{
  family: 'katsubushi', networkMode: 'awsvpc', requiresCompatibilities: ['FARGATE'],
  placementConstraints: [],
  ephemeralStorage: { sizeInGiB: std.extVar('EphemeralStorage') },
  containerDefinitions: [container { environment: [
    { name: 'worker_id', value: std.extVar('WorkerID') },
  ] }],
  cpu: '1024', tags: [{ key: 'TagKey', value: 'TagValue' }],
}
"""
LIBRARY = """{
  name: 'katsubushi', image: 'katsubushi/katsubushi:{{ env `TAG` `latest` }}',
  portMappings: [{ protocol: 'tcp', containerPort: 11212 }],
  logConfiguration: { logDriver: 'awslogs', options: {
    'awslogs-group': 'fargate', 'AwsLogs-Region': 'us-east-1',
  } },
  dockerLabels: { name: 'katsubushi', Name: 'K' }, essential: true, memory: 16,
}"""


def in_pascal_case(value: Any) -> Any:
    """As the Go SDK names keys; those of maps are left alone."""
    if isinstance(value, list):
        return [in_pascal_case(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key[:1].upper() + key[1:]: item
        if key in ("options", "dockerLabels")
        else in_pascal_case(item)
        for key, item in value.items()
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("task.json", TASK),
        ("task.json", f'{{"taskDefinition": {TASK}}}'),
        ("task.json", f'{{"TaskDefinition": {TASK}}}'),
        ("task.json", json.dumps(in_pascal_case(EXPECTED))),
        ("task.json", json.dumps({"taskDefinition": in_pascal_case(EXPECTED)})),
        ("task.yml", YAML),
        ("task.yaml", YAML),
        ("task.jsonnet", JSONNET),
    ],
)
def test_a_task_definition_is_the_same_in_every_form(name: str, text: str) -> None:
    """ecspresso_test.go, TestLoadTaskDefinition and TestLoadTaskDefinitionTags; json_test.go."""
    found = loaded(
        {
            "ecspresso.yml": f"task_definition: {name}",
            name: text,
            "libs/container.libsonnet": LIBRARY,
        },
        ext_str={"WorkerID": "3"},
        ext_code={"EphemeralStorage": "24 + 1"},
    )
    assert found.task_definition == EXPECTED
    assert found.warnings == ()


def test_what_was_read_passes_botocores_own_check() -> None:
    model = ServiceModel(Loader().load_service_model("ecs", "service-2"))
    shape = model.shape_for("RegisterTaskDefinitionRequest")
    definition = loaded({"task.json": TASK}).task_definition
    assert not ParamValidator().validate(definition, shape).has_errors()


def test_the_table_of_shapes_is_that_of_the_botocore_that_is_installed() -> None:
    assert shapes_of_botocore.TABLE.read_text() == shapes_of_botocore.text()


def test_keys_of_maps_stay_as_they_are() -> None:
    """Even those that ecspresso itself changes: driverOpts and labels of a volume."""
    volume = {
        "name": "v",
        "dockerVolumeConfiguration": {
            "driver": "local",
            "driverOpts": {"type": "nfs", "Device": ":/"},
            "labels": {"a": "b"},
        },
    }
    task = {"family": "a", "containerDefinitions": [], "volumes": [volume]}
    assert loaded({"task.json": json.dumps(task)}).task_definition["volumes"] == [volume]


def test_values_in_a_task_definition_that_say_nothing_are_left_out() -> None:
    """json.go, walkMap: null and empty lists."""
    task = {
        "family": "a",
        "taskRoleArn": None,
        "volumes": [],
        "containerDefinitions": [
            {"name": "a", "image": "b", "command": [], "environment": [], "linuxParameters": {}}
        ],
    }
    assert loaded({"task.json": json.dumps(task)}).task_definition == {
        "family": "a",
        "containerDefinitions": [{"name": "a", "image": "b", "linuxParameters": {}}],
    }


def test_words_that_are_empty_are_left_out() -> None:
    """`ecspresso init` writes them; AWS's SDK for Go, which it uses, does not send them."""
    port = {"containerPort": 80, "appProtocol": "", "protocol": "tcp"}
    task = {
        "family": "a",
        "ipcMode": "",
        "pidMode": "",
        "containerDefinitions": [{"name": "", "versionConsistency": "", "portMappings": [port]}],
    }
    files = {"ecspresso.yml": BOTH, "task.json": json.dumps(task), "sv.json": '{"launchType": ""}'}
    found = loaded(files)
    assert found.task_definition == {
        "family": "a",
        "containerDefinitions": [
            {"name": "", "portMappings": [{"containerPort": 80, "protocol": "tcp"}]}
        ],
    }
    assert found.service_definition == {"serviceName": "web"}


@pytest.mark.parametrize("number", ["25.0", "2147483647.0", "-2147483648.0"])
def test_whole_numbers_may_be_written_with_a_point(number: str) -> None:
    """And take no time: range(2**31) must not be counted through."""
    task = f'{{"family": "a", "ephemeralStorage": {{"sizeInGiB": {number}}}}}'
    found = loaded({"task.json": task}).task_definition["ephemeralStorage"]["sizeInGiB"]
    assert (found, type(found)) == (int(float(number)), int)


@pytest.mark.parametrize("number", ["25.5", "2147483648.0", "1e300"])
def test_other_numbers_are_no_whole_ones(number: str) -> None:
    task = f'{{"family": "a", "ephemeralStorage": {{"sizeInGiB": {number}}}}}'
    assert "must be a whole number" in str(wrong(task_json=task))


#: tests/sv.json of ecspresso.
SERVICE: dict[str, Any] = {
    "desiredCount": 2,
    "loadBalancers": [
        {"containerName": "test", "containerPort": 9999, "targetGroupArn": "arn:target"}
    ],
    "launchType": "EC2",
    "schedulingStrategy": "REPLICA",
    "networkConfiguration": {
        "awsvpcConfiguration": {"subnets": ["subnet-a"], "assignPublicIp": "ENABLED"}
    },
    "deploymentConfiguration": {
        "maximumPercent": 200,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "alarms": {"alarmNames": ["High"], "enable": True, "rollback": False},
    },
    "placementConstraints": [],
    "enableECSManagedTags": False,
    "serviceConnectConfiguration": {"enabled": True, "namespace": "ns"},
    "volumeConfigurations": [{"name": "v"}],
    "tags": [{"key": "cluster", "value": "default2"}],
}
DESCRIBED = {
    "serviceArn": "arn",
    "clusterArn": "arn",
    "status": "ACTIVE",
    "runningCount": 1,
    "pendingCount": 0,
    "platformFamily": "Linux",
    "taskDefinition": "arn:task",
    "deployments": [{"id": "ecs-svc/1", "createdAt": "2024-01-01T00:00:00+09:00"}],
    "events": [],
    "createdAt": 1700000000.5,
    "createdBy": "arn",
    "roleArn": "arn",
    "serviceName": "other",
}


@pytest.mark.parametrize(
    "written",
    [
        SERVICE,
        in_pascal_case(SERVICE),
        {**SERVICE, **DESCRIBED},
        {"service": {**SERVICE, **DESCRIBED}},
    ],
)
def test_a_service_definition_is_the_same_in_every_form(written: Any) -> None:
    """config_test.go, TestLoadServiceDefinition; ecspresso.go, LoadServiceDefinition."""
    found = loaded({"ecspresso.yml": BOTH, "sv.json": json.dumps(written)})
    # Empty lists stay (they remove what a service has), and the name is the configuration's.
    assert found.service_definition == {**SERVICE, "serviceName": "web"}
    assert found.warnings == ()


def test_tags_that_are_ignored_are_left_out_of_both() -> None:
    """config.go, ConfigIgnore."""
    tags = [{"key": "ecspresso:ignore", "value": "1"}, {"key": "keep", "value": "2"}]
    found = loaded(
        {
            "ecspresso.yml": f"{BOTH}ignore: {{tags: ['ecspresso:ignore']}}\n",
            "task.json": json.dumps({"family": "a", "tags": tags}),
            "sv.json": json.dumps({"tags": tags[:1]}),
        }
    )
    assert found.task_definition["tags"] == [{"key": "keep", "value": "2"}]
    assert "tags" not in (found.service_definition or {})


def test_jsonnet_is_evaluated_before_the_template() -> None:
    """README, Template syntax; pull request 702: the native functions."""
    task = """
local env = std.native('env');
{
  family: 'a' + '{{ env `X` `default` }}',
  cpu: env('CPU', '256'),
  memory: std.native('must_env')('MEMORY'),
  taskRoleArn: std.native('secretsmanager_arn')('role'),
  executionRoleArn: std.native('ssm')('/path/to/string'),
  networkMode: std.native('ssm_list')('/path/to/stringlist', 1),
  ipcMode: std.native('my_cfn_output')('stack', 'key'),
  pidMode: std.native('my_cfn_export')('name'),
}
"""
    config = "task_definition: task.jsonnet\nplugins: [{name: cloudformation, func_prefix: my_}]\n"
    files = {"ecspresso.yml": config, "task.jsonnet": task}
    assert loaded(files, {"MEMORY": "512"}).task_definition == {
        "family": "adefault",
        "cpu": "256",
        "memory": "512",
        "taskRoleArn": "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:role-06XQOH",
        "executionRoleArn": "ImString",
        "networkMode": "ImStringList1",
        "ipcMode": "stack/key",
        "pidMode": "export/name",
    }


def test_cloudformation_is_looked_up_by_its_plugin() -> None:
    """README, CloudFormation."""
    task = '{"family": "{{ cfn_output `S` `K` }}", "cpu": "{{ cfn_export `E` }}"}'
    config = f"{CONFIG}plugins: [{{name: cloudformation}}]\n"
    found = loaded({"ecspresso.yml": config, "task.json": task}).task_definition
    assert found == {"family": "S/K", "cpu": "export/E"}


def test_every_imported_file_counts_but_not_imported_data() -> None:
    files: dict[str, str | bytes] = {
        "ecspresso.yml": "task_definition: deploy/task.jsonnet\n",
        "deploy/task.jsonnet": (
            "local lib = import '../lib/a.libsonnet';\n"
            "lib { cpu: importstr 'cpu.txt', memory: std.toString(importbin 'cpu.txt') }"
        ),
        "lib/a.libsonnet": "(import 'b.jsonnet') { family: 'a' }",
        "lib/b.jsonnet": "{}",
        "deploy/cpu.txt": b"256",
    }
    found = loaded(files)
    assert found.task_definition == {"family": "a", "cpu": "256", "memory": "[50, 53, 54]"}
    assert found.definition_files == {
        "ecspresso.yml",
        "deploy/task.jsonnet",
        "lib/a.libsonnet",
        "lib/b.jsonnet",
    }


def wrong(**files: str | bytes) -> DefinitionError:
    named = {name.replace("_", "."): text for name, text in files.items()}
    with pytest.raises(DefinitionError) as problem:
        loaded(named)
    return problem.value


def test_all_wrong_types_are_told_at_once_with_file_and_line() -> None:
    """pkg.go.dev/encoding/json: UnmarshalTypeError."""
    problem = wrong(
        task_json='{\n "family": "a",\n "cpu": 256,\n "containerDefinitions": [\n'
        '  {"name": "a",\n   "memory": "512",\n   "essential": "true",\n'
        '   "environment": [{"name": "A",\n    "value": 8080}]}]}'
    )
    assert [str(each) for each in problem.problems] == [
        "task.json:3: cpu must be text, not 256.",
        'task.json:6: containerDefinitions[0].memory must be a whole number, not "512".',
        'task.json:7: containerDefinitions[0].essential must be true or false, not "true".',
        "task.json:9: containerDefinitions[0].environment[0].value must be text, not 8080.",
    ]
    assert all("quotes" in each.hint for each in problem.problems[:2])


def test_lines_are_those_of_the_file_and_not_of_its_rendered_text() -> None:
    problem = wrong(task_json='{\n{{- if true }}\n"family": "a",\n{{- end }}\n\n\n"memory": 5}')
    assert str(problem) == "task.json:7: memory must be text, not 5."


def test_a_mistake_that_a_template_made_is_told_at_the_template() -> None:
    problem = wrong(task_json='{\n"family": "a",\n"cpu": {{ env `CPU` `many` }}\n}')
    assert str(problem).startswith(
        "task.json:3: This is not valid JSON: Expected a value, at “many”"
    )


def test_in_jsonnet_a_key_that_is_there_once_has_its_line() -> None:
    config = "task_definition: task.jsonnet"
    problem = wrong(ecspresso_yml=config, task_jsonnet="{\n  family: 'a',\n  cpu: 256,\n}")
    assert str(problem) == "task.jsonnet:3: cpu must be text, not 256."
    problem = wrong(ecspresso_yml=config, task_jsonnet="{\n  family: '{{ must_env `NONE` }}'\n}")
    assert str(problem).startswith("task.jsonnet:2: The environment variable NONE")


def test_unknown_keys_are_ignored_with_a_warning() -> None:
    """ecspresso.go, unmarshalJSON: a key that nobody knows is logged and left out."""
    task = '{"family": "a",\n "containerDefinitions": [\n  {"name": "a", "imagee": "b"}]}'
    service = '{"desiredCount": 1,\n "role": "ecsServiceRole", "cluster": "x"}'
    found = loaded({"ecspresso.yml": BOTH, "task.json": task, "sv.json": service})
    assert [str(warning) for warning in found.warnings] == [
        "task.json:3: There is no key containerDefinitions[0].imagee: it is ignored. "
        "Did you mean image?",
        "sv.json:2: There is no key role: it is ignored.",
        "sv.json:2: There is no key cluster: it is ignored.",
    ]
    assert found.task_definition["containerDefinitions"] == [{"name": "a"}]
    assert found.service_definition == {"desiredCount": 1, "serviceName": "web"}


def test_lines_can_be_asked_for_later_by_the_apis_keys() -> None:
    text = '{"TaskDefinition":\n {"Family": "a",\n "ContainerDefinitions": [\n  {"Name": "a"}]}}'
    found = loaded({"task.json": text})
    assert found.line_of("task.json", "family") == 2
    assert found.line_of("task.json", "containerDefinitions", 0, "name") == 4
    assert found.line_of("task.json", "containerDefinitions", 0, "image") == 4
    assert found.line_of("task.json", "containerDefinitions", 7) == 3
    assert found.line_of("ecspresso.yml", "task_definition") == 2
    assert found.line_of("other.json", "family") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "must be a mapping"),
        ("", "Expected a value"),
        ('{"family": "a",}', "Expected a key"),
        ('{"family": "a"} {}', "more after the end"),
        ('{"family": "a", "family": "b"}', "twice"),
        ('{"family": "a", "Family": "b"}', "twice"),
        ("{'family': 1}", "Expected a key"),
        ('{"family": "a\nb"}', "not valid JSON"),
        ('{"family": NaN}', "Expected a value"),
        (b'{"family": "\xff"}', "not UTF-8"),
    ],
)
def test_what_is_no_json_is_refused(text: str | bytes, message: str) -> None:
    assert message in str(wrong(task_json=text))


def test_a_lookup_that_fails_is_told_at_the_line_that_asked() -> None:
    problem = wrong(task_json='{"family":\n "{{ ssm `/nowhere` }}"}')
    assert str(problem) == "task.json:2: There is no parameter /nowhere."
    assert problem.hint == "Ask the operator."
    problem = wrong(
        ecspresso_yml="task_definition: task.jsonnet",
        task_jsonnet="{\n family: std.native('ssm')('/nowhere') }",
    )
    assert str(problem) == "task.jsonnet:2: There is no parameter /nowhere."
    assert problem.hint == "Ask the operator."


def test_lookups_are_those_that_were_given() -> None:
    class Echo(Lookups):
        def ssm(self, name: str, index: int | None) -> str:
            return f"{name}={index}"

    found = loaded({"task.json": '{"family": "{{ ssm `a` 2 }}{{ ssm `b` }}"}'}, lookups=Echo())
    assert found.task_definition["family"] == "a=2b=None"

"""Terraform's states: addresses as fujiwara/tfstate-lookup finds them (tfstate/lookup_test.go)."""

from typing import Any

import pytest

from deployments.definitions.ecspresso.tfstate import State, load
from deployments.definitions.problems import DefinitionError
from deployments.errors import UserError

from .world import Lookups, loaded, resource, state

REMOTE = {
    "outputs": {"value": {"key": {"arn": "arn:key"}, "list": [1, 2, 3]}, "type": ["object"]},
    "backend": "local",
}
STATE = state(
    resource("data.aws_caller_identity.current", (None, {"account_id": "123456789012"})),
    resource(
        "aws_acm_certificate.main",
        (None, {"method": "DNS", "names": ["*.example.com"], "key": None}),
    ),
    resource("module.logs.aws_log_group.main", ("app", {"days": 30}), ("web", {"days": 7})),
    resource("aws_attachment.ec2", (0, {"id": "zero"}), (1, {"id": "one"})),
    resource("module.web.module.roles.aws_iam_role.task", (None, {"name": "task-role"})),
    resource("aws_iam_user.users", ("foo.bar", {"name": "foo.bar"}), ("a", {"name": "a"})),
    resource("aws_iam_user.user", ("me", {"arn": "arn:me"})),
    resource("data.terraform_remote_state.hyphenated-id", (None, REMOTE)),
    resource("aws_repo.all", (None, {"repository-uri": "uri", "tags": {"Name": "x"}})),
    outputs={"foo": "FOO", "bar": ["A", "B", "C"]},
)

CASES = [
    ("data.aws_caller_identity.current.account_id", "123456789012"),
    ("data.aws_caller_identity.other.account_id", None),
    ("aws_acm_certificate.main.method", "DNS"),
    ("aws_acm_certificate.main2", None),
    ("aws_acm_certificate.main.other", None),
    ("aws_acm_certificate.main.key.deeper", None),
    ("aws_acm_certificate.main.names", ["*.example.com"]),
    ("aws_acm_certificate.main.names[0]", "*.example.com"),
    ("aws_acm_certificate.main.names[-1]", "*.example.com"),
    ("aws_acm_certificate.main.names[2]", None),
    ('module.logs.aws_log_group.main["app"].days', 30),
    ('module.logs.aws_log_group.main["gone"]', None),
    ('module.other.aws_log_group.main["app"].days', None),
    ("module.logs.aws_log_group.ma", None),
    ("module.logs.aws_log_group.main", {"app": {"days": 30}, "web": {"days": 7}}),
    ("aws_attachment.ec2[1].id", "one"),
    ("aws_attachment.ec2[2].id", None),
    ("aws_attachment.ec2", [{"id": "zero"}, {"id": "one"}]),
    ("module.web.module.roles.aws_iam_role.task.name", "task-role"),
    ('aws_iam_user.users["foo.bar"].name', "foo.bar"),
    ('aws_iam_user.user["me"].arn', "arn:me"),
    ("data.terraform_remote_state.hyphenated-id.outputs.key.arn", "arn:key"),
    ("data.terraform_remote_state.hyphenated-id.outputs.list[1]", 2),
    ("aws_repo.all.repository-uri", "uri"),
    ('aws_repo.all["repository-uri"]', "uri"),
    ("aws_repo.all.tags.Name", "x"),
    ("output.foo", "FOO"),
    ("output.bar[1]", "B"),
    ("output.baz", None),
    ("nothing", None),
]


@pytest.mark.parametrize(("address", "value"), CASES)
def test_an_address_leads_to_its_value(address: str, value: Any) -> None:
    found = load(STATE.encode(), "terraform.tfstate", Lookups().s3)
    assert found.lookup(address) == value


def test_a_list_has_no_attributes() -> None:
    with pytest.raises(UserError, match="has none"):
        State({"outputs": {"a": {"value": ["x"], "type": "t"}}}).lookup("output.a.name")


def task_with(image: str) -> str:
    return f'{{"family": "a", "containerDefinitions": [{{"name": "a", "image": "{image}"}}]}}'


def config(plugin: str) -> str:
    return f"service: web\ntask_definition: task.json\nplugins:\n{plugin}"


LOCAL = "  - name: tfstate\n    config:\n      path: terraform.tfstate\n"

TEMPLATES = [
    # kayac/ecspresso: README, tfstate; fujiwara/tfstate-lookup: funcs.go
    ("{{ tfstate `module.logs.aws_log_group.main['app'].days` }}", "30"),
    ("{{ tfstatef `module.logs.aws_log_group.main['%s'].days` `web` }}", "7"),
    ("{{ tfstatef `aws_attachment.ec2[%d].id` 1 }}", "one"),
    ("{{ tfstatef `aws_iam_user.user['%s'].arn` (must_env `WHO`) }}", "arn:me"),
    ("{{ tfstate `output.bar` | json_escape }}", '["A","B","C"]'),
]


@pytest.mark.parametrize(("template", "image"), TEMPLATES)
def test_templates_take_values_from_a_state_in_the_repository(template: str, image: str) -> None:
    files = {
        "ecspresso.yml": config(LOCAL),
        "terraform.tfstate": STATE,
        "task.json": task_with(template),
    }
    found = loaded(files, {"WHO": "me"})
    assert found.task_definition["containerDefinitions"][0]["image"] == image


def test_a_state_on_s3_is_read_by_its_url() -> None:
    plugin = "  - name: tfstate\n    config: {url: 's3://states/prod/a.tfstate'}\n"
    files = {"ecspresso.yml": config(plugin), "task.json": task_with("{{ tfstate `output.foo` }}")}
    found = loaded(files, lookups=Lookups({"states/prod/a.tfstate": STATE.encode()}))
    assert found.task_definition["containerDefinitions"][0]["image"] == "FOO"


def test_a_file_that_names_an_s3_backend_leads_there_by_workspace() -> None:
    backend = '{"version": 3, "backend": {"type": "s3", "config": {"bucket": "b", "key": "k"}}}'
    files = {
        "ecspresso.yml": config(LOCAL),
        "terraform.tfstate": backend,
        "environment": "dev\n",
        "task.json": task_with("{{ tfstate `output.foo` }}"),
    }
    found = loaded(files, lookups=Lookups({"b/env:/dev/k": STATE.encode()}))
    assert found.task_definition["containerDefinitions"][0]["image"] == "FOO"


def test_what_is_missing_there_is_told_of_the_state_on_s3() -> None:
    """Offline, values are made up by this message; see deployments/management/offline.py."""
    backend = '{"version": 3, "backend": {"type": "s3", "config": {"bucket": "b", "key": "k"}}}'
    task = task_with("{{ tfstate `a.b.c` }}")
    files = {"ecspresso.yml": config(LOCAL), "terraform.tfstate": backend, "task.json": task}
    with pytest.raises(DefinitionError, match=r"a\.b\.c is not found in .* s3://b/k\."):
        loaded(files, lookups=Lookups({"b/k": STATE.encode()}))


def test_prefixes_tell_several_states_apart() -> None:
    """kayac/ecspresso: README, Multiple tfstate support."""
    plugins = LOCAL + "    func_prefix: first_\n" + LOCAL.replace("terraform", "second")
    files = {
        "ecspresso.yml": config(plugins),
        "terraform.tfstate": STATE,
        "second.tfstate": state(outputs={"foo": "SECOND"}),
        "task.json": task_with("{{ first_tfstate `output.foo` }}{{ tfstate `output.foo` }}"),
    }
    assert loaded(files).task_definition["containerDefinitions"][0]["image"] == "FOOSECOND"


WRONG = [
    (LOCAL + LOCAL, {"terraform.tfstate": STATE}, "func_prefix", 7),
    (LOCAL, {}, "no Terraform state terraform.tfstate", 4),
    (LOCAL, {"terraform.tfstate": "no json"}, "not JSON", 4),
    (LOCAL, {"terraform.tfstate": "[" * 100_000}, "not JSON", 4),
    (LOCAL, {"terraform.tfstate": '{"version": 3}'}, "version 3", 4),
    (LOCAL, {"terraform.tfstate": '{"version": 4, "resources": ["x"]}'}, "as Terraform", 4),
    (LOCAL, {"terraform.tfstate": '{"backend": "x"}'}, "as Terraform", 4),
    ("  - name: tfstate\n", {}, "needs a path or a url", 4),
    ("  - name: tfstate\n    config: {path: 5}\n", {}, "must be text", 4),
    ("  - name: tfstate\n    config: {path: ../../etc/x}\n", {}, "out of the repository", 4),
    ("  - name: tfstate\n    config: {path: /etc/passwd}\n", {}, "out of the repository", 4),
    ("  - name: tfstate\n    config: {url: 'file:///etc/passwd'}\n", {}, "out of the", 4),
    ("  - name: tfstate\n    config: {url: 'https://example.com/x'}\n", {}, "https://", 4),
    ("  - name: tfstate\n    config: {url: 's3://b/k'}\n", {}, "may not be read", 4),
    ("  - name: external\n    config: {command: [id]}\n", {}, "external plugin", 4),
    ("  - name: other\n", {}, "no plugin “other”", 4),
]


@pytest.mark.parametrize(("plugin", "files", "message", "line"), WRONG)
def test_a_plugin_that_cannot_be_set_up_is_refused(
    plugin: str, files: dict[str, str], message: str, line: int
) -> None:
    with pytest.raises(DefinitionError) as problem:
        loaded({"ecspresso.yml": config(plugin), **files})
    found = problem.value.problems[0]
    assert message in found.message + found.hint
    assert (found.file, found.line) == ("ecspresso.yml", line)


def test_an_optional_state_may_be_missing() -> None:
    """kayac/ecspresso: CHANGELOG, v2.8.5."""
    plugin = LOCAL + "      optional: true\n"
    assert loaded({"ecspresso.yml": config(plugin)}).config.service == "web"

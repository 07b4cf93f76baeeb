"""The CloudFormation templates hold together, and fit the image and the policy."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.config import Config

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
TEMPLATES = ("cloudformation.yaml", "services.yaml", "builds.yaml")


class _Loader(yaml.SafeLoader):
    """CloudFormation's short forms: `!Sub x` is read as {"Fn::Sub": x}, and so on."""


def _short_form(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in {"Ref", "Condition"} else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        return {name: node.value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    raise AssertionError(node)


_Loader.add_multi_constructor("!", _short_form)


def load(name: str) -> dict[str, Any]:
    template: dict[str, Any] = yaml.load((INFRA / name).read_text(), _Loader)
    return template


def of_type(template: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def texts(value: Any) -> list[str]:
    """Every text in a template, however deep."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


def without_sub(value: Any) -> Any:
    """The same with {"Fn::Sub": text} put back into its text."""
    if isinstance(value, dict):
        if set(value) == {"Fn::Sub"}:
            return value["Fn::Sub"]
        return {key: without_sub(each) for key, each in value.items()}
    return [without_sub(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("WorkerPolicy", "worker-policy.json"),
        ("BuildWorkerPolicy", "build-worker-policy.json"),
    ],
)
def test_workers_get_exactly_the_policy_of_the_file(name: str, file: str) -> None:
    policies = of_type(load("cloudformation.yaml"), "AWS::IAM::ManagedPolicy")
    policy = json.loads((INFRA / file).read_text())
    assert without_sub(policies[name]["PolicyDocument"]) == policy


def test_each_worker_has_its_own_policy_and_nothing_else() -> None:
    roles = of_type(load("cloudformation.yaml"), "AWS::IAM::Role")
    for name in ("WorkerRole", "BuildWorkerRole"):
        given = roles[name]["ManagedPolicyArns"]
        assert given == [{"Ref": name.replace("Role", "Policy")}]
        assert "Policies" not in roles[name]
    build = texts(of_type(load("builds.yaml"), "AWS::ECS::TaskDefinition"))
    assert "${Installation}-BuildWorkerRoleArn" in build
    assert "${Installation}-WorkerRoleArn" not in build


def test_previews_own_role_has_no_permissions() -> None:
    role = of_type(load("cloudformation.yaml"), "AWS::IAM::Role")["TaskRole"]
    assert set(role) == {"Description", "AssumeRolePolicyDocument"}


def test_what_a_template_takes_from_another_is_there() -> None:
    exported: set[str] = set()
    for name in TEMPLATES:
        template = load(name)
        body = json.dumps(template["Resources"])
        imported = set(re.findall(r'"Fn::ImportValue": {"Fn::Sub": "([^"]+)"}', body))
        assert imported <= exported, name
        exported |= {
            text
            for each in template.get("Outputs", {}).values()
            for text in texts(each.get("Export"))
        }


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_reference_leads_somewhere(name: str) -> None:
    template = load(name)
    known = {*template["Parameters"], *template["Resources"]}
    body = json.dumps([template["Resources"], template.get("Outputs", {})])
    referred = set(re.findall(r'"Ref": "([A-Za-z]+)"', body))
    referred |= {name.split(".")[0] for name in re.findall(r'"Fn::GetAtt": "([A-Za-z.]+)"', body)}
    assert referred <= known


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_stays_readable(name: str) -> None:
    lines = (INFRA / name).read_text().splitlines()
    assert len(lines) <= 415
    assert max(map(len, lines)) <= 140


def test_containers_run_roles_that_the_image_has() -> None:
    roles = set(re.findall(r"^([a-z-]+)\)$", (ROOT / "bin/entrypoint").read_text(), re.MULTILINE))
    commands = []
    for name in ("services.yaml", "builds.yaml"):
        for task in of_type(load(name), "AWS::ECS::TaskDefinition").values():
            commands += [each["Command"][0] for each in task["ContainerDefinitions"]]
    assert set(commands) <= roles
    assert set(commands) == {"web", "router", "migrate", "control-worker", "beat", "build-worker"}


def test_settings_that_are_handed_over_are_settings() -> None:
    settings = load("services.yaml")["Resources"]["Settings"]["Properties"]["Value"]["Fn::Sub"][0]
    names = {line.split("=")[0] for line in settings.split()}
    router_only = {"EDAHA_DASHBOARD", "EDAHA_DASHBOARD_HOST", "AWS_DEFAULT_REGION"}
    fields = {f"EDAHA_{name.upper()}" for name in Config.model_fields}
    assert names - router_only <= fields

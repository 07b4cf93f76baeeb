"""The argument lists in shapes.py, against ECS's service model as botocore ships it."""

from typing import Any

import pytest
from botocore.model import Shape

from deployments.definitions import shapes

from ..deployments.models_of_aws import service_model
from . import samples


def members(shape: str) -> set[str]:
    return set(service_model("ecs").shape_for(shape).members)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("ours", "operation"),
    [
        (shapes.REGISTER_TASK_DEFINITION, "RegisterTaskDefinitionRequest"),
        (shapes.CREATE_SERVICE, "CreateServiceRequest"),
    ],
)
def test_each_call_takes_exactly_these_arguments(ours: frozenset[str], operation: str) -> None:
    assert ours == members(operation)


@pytest.mark.parametrize(
    ("ours", "answer", "takes"),
    [
        (shapes.TASK_DEFINITION_TELLS, "TaskDefinition", shapes.REGISTER_TASK_DEFINITION),
        (shapes.SERVICE_TELLS, "Service", shapes.CREATE_SERVICE),
    ],
)
def test_what_only_answers_have(ours: frozenset[str], answer: str, takes: frozenset[str]) -> None:
    assert ours == members(answer) - takes


@pytest.mark.parametrize(
    ("ours", "operation"),
    [
        (shapes.TASK_DEFINITION, "RegisterTaskDefinitionRequest"),
        (shapes.SERVICE, "CreateServiceRequest"),
    ],
)
def test_every_shape_that_is_checked_is_ecss_own(ours: dict[str, Any], operation: str) -> None:
    assert not list(unlike(ours, service_model("ecs").shape_for(operation), operation))


def unlike(ours: Any, theirs: Any, path: str) -> Any:
    kinds = {
        "string": str,
        "integer": int,
        "boolean": bool,
        "structure": dict,
        "map": dict,
        "list": list,
    }
    theirs_is: Shape = theirs
    kind = type(ours) if isinstance(ours, dict | list) else ours
    if isinstance(ours, tuple):  # cpu and memory, which YAML's authors write as numbers
        kind = str
    if kinds[theirs_is.type_name] is not kind:
        yield f"{path} is {theirs_is.type_name}"
    elif isinstance(ours, list):
        yield from unlike(ours[0], theirs.member, f"{path}[]")
    elif isinstance(ours, dict):
        for key, each in ours.items():
            yield from unlike(each, theirs.members[key], f"{path}.{key}")


class TestMisfits:
    @pytest.mark.parametrize(
        ("written", "place", "kind"),
        [
            ([], (), "a mapping"),
            ({"containerDefinitions": {}}, ("containerDefinitions",), "a list"),
            ({"containerDefinitions": [None]}, ("containerDefinitions", 0), "a mapping"),
            (
                {"containerDefinitions": [{"environment": [{"name": "A", "value": 1}]}]},
                ("containerDefinitions", 0, "environment", 0, "value"),
                "text",
            ),
            (
                {"containerDefinitions": [{"memory": "512"}]},
                ("containerDefinitions", 0, "memory"),
                "a whole number",
            ),
            (
                {"containerDefinitions": [{"cpu": True}]},
                ("containerDefinitions", 0, "cpu"),
                "a whole number",
            ),
            (
                {"containerDefinitions": [{"essential": "true"}]},
                ("containerDefinitions", 0, "essential"),
                "true or false",
            ),
            ({"cpu": True}, ("cpu",), "text or a whole number"),
        ],
    )
    def test_the_place_and_the_kind_are_told(
        self, written: Any, place: shapes.Path, kind: str
    ) -> None:
        assert list(shapes.misfits(written, shapes.TASK_DEFINITION)) == [(place, kind)]

    @pytest.mark.parametrize(
        "written",
        [{}, {"cpu": 256}, {"cpu": "0.25 vCPU"}, {"volumes": None}, samples.TASK_DEFINITION],
    )
    def test_nothing_is_said_of_what_fits(self, written: dict[str, Any]) -> None:
        assert not list(shapes.misfits(written, shapes.TASK_DEFINITION))

"""Every change of what a team wrote is told; what cannot be read at all is refused."""

import re
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.definitions.compose import Change
from deployments.definitions.problems import DefinitionError

from . import samples
from .samples import DIGEST, change, composed, container, task, told


class TestWhatIsChangedIsTold:
    def test_the_teams_own_values_stay_as_they_were(self) -> None:
        written, service = task(), told()
        before = deepcopy((written, service))
        composed(written, service)
        assert (written, service) == before

    def test_values_that_yaml_shares_are_told_one_by_one(self) -> None:
        logging = {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}
        shared = [{"name": name, "image": "x", "logConfiguration": logging} for name in "ab"]
        made = composed(task(containerDefinitions=shared))
        where = "logConfiguration.options.awslogs-stream-prefix"
        for name in "ab":
            assert change(made, f"taskDefinition.containerDefinitions[{name}].{where}")
        assert "awslogs-stream-prefix" not in logging["options"]

    def test_a_change_has_both_sides_and_a_reason(self) -> None:
        image = change(composed(), "taskDefinition.containerDefinitions[nginx].image")
        assert image == Change(
            "taskDefinition.containerDefinitions[nginx].image",
            "public.ecr.aws/nginx/nginx:1.27",
            DIGEST,
            "This is the image built for the branch.",
        )

    def test_what_is_a_previews_already_is_not_told(self) -> None:
        once = composed()
        again = composed(once.task_definition, once.service, replaces={"nginx": "app"})
        assert again.changes == ()
        assert (again.task_definition, again.service) == (once.task_definition, once.service)

    def test_a_tag_with_edahas_name_is_dropped_however_it_is_spelt(self) -> None:
        written = [{"key": "Edaha:BRANCH", "value": "main"}, {"key": "Team", "value": "shop"}]
        made = composed(task(tags=written), told(tags=written))
        for where, definition in (
            ("taskDefinition", made.task_definition),
            ("service", made.service),
        ):
            kept = {each["key"]: each["value"] for each in definition["tags"]}
            assert kept["edaha:branch"] == samples.PREVIEW.slug
            assert (kept["Team"], "Edaha:BRANCH" in kept) == ("shop", False)
            dropped = change(made, f"{where}.tags[Edaha:BRANCH]")
            assert (dropped.before, dropped.after) == ("main", None)


_values: dict[str, st.SearchStrategy[Any]] = {
    "cpu": st.sampled_from(["256", 256, "0.25 vCPU", None]),
    "tags": st.sampled_from(
        [[], [{"key": "a", "value": "b"}], [{"key": "EDAHA:branch", "value": "b"}], None]
    ),
    "pidMode": st.sampled_from(["task", None]),
    "revision": st.just(3),
    "executionRoleArn": st.sampled_from(["", "arn:aws:iam::1:role/x", None]),
    "volumes": st.just([{"name": "v", "host": {}}]),
    "ephemeralStorage": st.just({"sizeInGiB": 30}),
}
_container_values: dict[str, st.SearchStrategy[Any]] = {
    "image": st.sampled_from(["nginx:1", DIGEST]),
    "essential": st.booleans(),
    "environment": st.sampled_from([[], [{"name": "EDAHA_URL", "value": "x"}], None]),
    "secrets": st.sampled_from([[], [{"name": "EDAHA_HOST", "valueFrom": "x"}]]),
    "portMappings": st.sampled_from(
        [[], [{"containerPort": 80}], [{"containerPort": 80, "name": None}]]
    ),
    "logConfiguration": st.sampled_from(
        [None, {"logDriver": "awslogs"}, {"logDriver": "splunk", "options": {"a": "b"}}]
    ),
    "linuxParameters": st.just({"initProcessEnabled": True}),
    "healthCheck": st.just({"command": ["CMD", "true"]}),
}
_service_values: dict[str, st.SearchStrategy[Any]] = {
    "desiredCount": st.integers(0, 5),
    "launchType": st.sampled_from(["FARGATE", "EC2", None]),
    "capacityProviderStrategy": st.sampled_from([[], None]),
    "loadBalancers": st.sampled_from([[], [{"containerName": "a", "containerPort": 80}]]),
    "networkConfiguration": st.sampled_from(
        [None, {}, {"awsvpcConfiguration": {"subnets": ["s"]}}]
    ),
    "deploymentController": st.sampled_from([{"type": "ECS"}, {"type": "CODE_DEPLOY"}]),
    "deploymentConfiguration": st.sampled_from(
        [{"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 5.0}}, {}]
    ),
    "events": st.just([]),
    "cluster": st.just("production"),
    "enableExecuteCommand": st.booleans(),
}
_written = st.tuples(
    st.fixed_dictionaries(
        {
            "containerDefinitions": st.lists(
                st.fixed_dictionaries({}, optional=_container_values), min_size=1, max_size=3
            )
        },
        optional=_values,
    ),
    st.fixed_dictionaries({}, optional=_service_values),
)


def _with_names(written: dict[str, Any]) -> dict[str, Any]:
    for position, each in enumerate(written["containerDefinitions"]):
        each["name"] = "abc"[position]
    return written


def _differing(before: Any, after: Any, path: str) -> list[str]:
    """Every place that differs, as changes name them; a mapping that is new, part by part."""
    if before is ... and isinstance(after, dict):
        before = {}
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            place
            for key in {*before, *after}
            if key not in before or key not in after or before[key] != after[key]
            for place in _differing(before.get(key, ...), after.get(key, ...), f"{path}.{key}")
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [
            place
            for position, (one, other) in enumerate(zip(before, after, strict=True))
            if one != other
            for place in _differing(one, other, f"{path}[{_name(one, position)}]")
        ]
    return [path]


def _name(item: Any, position: int) -> Any:
    return item.get("name", position) if isinstance(item, dict) else position


@given(_written)
def test_whatever_a_team_writes_every_difference_is_told(
    written: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    before, service = _with_names(deepcopy(written[0])), deepcopy(written[1])
    made = composed(deepcopy(before), deepcopy(service))
    places = _differing(before, made.task_definition, "taskDefinition")
    places += _differing(service, made.service, "service")
    told_ = [each.where for each in made.changes]
    for place in places:
        assert any(re.match(re.escape(where) + r"($|[.\[])", place) for where in told_), place
    assert not samples.refused_by_boto3(made)


class TestFilesOfNoShape:
    @pytest.mark.parametrize(
        ("written", "file", "message"),
        [
            (task(containerDefinitions={}), "ecs-task-def.json:8", "must be a list"),
            (container(memory="512"), "ecs-task-def.json:10", "must be a whole number"),
            (
                container(environment=[{"name": "PORT", "value": 3000}]),
                "ecs-task-def.json:12",
                "“containerDefinitions[0].environment[0].value” must be text",
            ),
        ],
    )
    def test_they_are_refused_with_file_and_line(
        self, written: dict[str, Any], file: str, message: str
    ) -> None:
        with pytest.raises(DefinitionError) as caught:
            composed(written)
        (problem,) = caught.value.problems
        assert str(problem).startswith(file)
        assert message in problem.message

    def test_all_of_them_at_once(self) -> None:
        with pytest.raises(DefinitionError) as caught:
            composed(task(cpu=[], volumes="x"), told(tags=5))
        assert len(caught.value.problems) == 3

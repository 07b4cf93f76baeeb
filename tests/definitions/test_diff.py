"""How two definitions differ, for people."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.definitions.diff import Entry, difference, document, text

from . import samples

Definition = dict[str, Any]


def of(*containers: Definition, **more: Any) -> Definition:
    return {"taskDefinition": {"containerDefinitions": list(containers), **more}}


APP: Definition = {
    "name": "app",
    "image": "app:1",
    "environment": [{"name": "LANG", "value": "C"}],
    "portMappings": [{"containerPort": 80}],
}
AT = "taskDefinition.containerDefinitions"


@pytest.mark.parametrize(
    ("before", "after", "entry"),
    [
        (
            of(APP),
            of(APP | {"image": "app:2"}),
            Entry("changed", f"{AT}[app].image", "app:1", "app:2"),
        ),
        (
            of(APP),
            of(APP | {"environment": [{"name": "LANG", "value": "ja"}]}),
            Entry("changed", f"{AT}[app].environment[LANG]", "C", "ja"),
        ),
        (
            of(APP),
            of(APP | {"environment": [*APP["environment"], {"name": "TZ", "value": "UTC"}]}),
            Entry("added", f"{AT}[app].environment[TZ]", None, "UTC"),
        ),
        (
            of(APP, {"name": "redis", "image": "redis:7"}),
            of(APP),
            Entry("removed", f"{AT}[redis]", {"name": "redis", "image": "redis:7"}, None),
        ),
        (
            of(APP),
            of(APP | {"portMappings": [{"containerPort": 80, "name": "http"}]}),
            Entry("added", f"{AT}[app].portMappings[80].name", None, "http"),
        ),
        (
            of(APP | {"command": ["a", "b"]}),
            of(APP | {"command": ["b", "a"]}),
            Entry("changed", f"{AT}[app].command", ["a", "b"], ["b", "a"]),
        ),
        (
            of(memory="512"),
            of(memory="1 GB"),
            Entry("changed", "taskDefinition.memory", "512", "1024"),
        ),
        (
            {"service": {"desiredCount": 1}},
            {"service": {"desiredCount": 2}},
            Entry("changed", "service.desiredCount", 1, 2),
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_each_difference_is_told_where_it_is(
    before: Definition, after: Definition, entry: Entry
) -> None:
    assert difference(before, after) == [entry]


def test_a_name_that_is_there_twice_is_shown_with_its_whole_list() -> None:
    twice = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    (entry,) = difference(of(APP | {"environment": twice}), of(APP))
    assert entry.path == f"{AT}[app].environment"


class TestLikeEcspresso:
    """https://github.com/kayac/ecspresso/blob/v2/diff_test.go"""

    def test_a_count_that_is_not_said_is_no_difference(self) -> None:
        # “when local.DesiredCount is nil, ignore diff of DesiredCount”
        remote, local = {"service": {"desiredCount": 2}}, {"service": {"launchType": "FARGATE"}}
        assert (
            difference(remote | {"service": {**remote["service"], "launchType": "FARGATE"}}, local)
            == []
        )

    def test_a_count_that_is_said_is_one(self) -> None:
        # “when local.DesiredCount is not nil, detect diff of DesiredCount.”
        assert text({"service": {}}, {"service": {"desiredCount": 2}})

    @pytest.mark.parametrize("nothing", [None, {}])
    def test_against_nothing_everything_is_new(self, nothing: Definition | None) -> None:
        # “remote service is nil”, “diff task defs remote nil”: only the first line has a minus.
        lines = text(nothing, of(APP)).splitlines()
        assert [line for line in lines if line.startswith("-")] == ["--- before"]
        assert [entry.kind for entry in difference(nothing, of(APP))] == ["added"]

    def test_what_is_the_same_actually_has_no_text(self) -> None:
        # “diff task defs same actually”
        assert text(of(APP, cpu="0.25 vCPU"), of(APP | {"essential": True}, cpu="256")) == ""


def test_the_text_is_a_unified_diff() -> None:
    told = text(of(APP), of(APP | {"image": "app:2"}), before_name="main", after_name="feature")
    assert told.splitlines()[:2] == ["--- main", "+++ feature"]
    assert '-        "image": "app:1",' in told.splitlines()
    assert '+        "image": "app:2",' in told.splitlines()


def test_two_deployments_of_a_branch_differ_by_their_commit_and_name() -> None:
    one = samples.composed()
    settings = {**vars(samples.PREVIEW), "commit": "b" * 40}
    other = samples.composed(preview=type(samples.PREVIEW)(**settings))
    paths = {
        entry.path
        for entry in difference(
            document(one.task_definition, one.service),
            document(other.task_definition, other.service),
        )
    }
    assert paths == {f"{AT}[{name}].environment[EDAHA_COMMIT]" for name in ("nginx", "php")}


def test_two_branches_differ_by_what_the_team_wrote() -> None:
    one, other = samples.composed(), samples.composed(samples.task(memory="4096"))
    (entry,) = difference(
        document(one.task_definition, one.service, impersonal=True),
        document(other.task_definition, other.service, impersonal=True),
    )
    assert entry == Entry("changed", "taskDefinition.memory", "2048", "4096")


_values = st.sampled_from([1, 2, "a", True, None, [], ["a"], {"a": 1}])
_containers = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abc")},
        optional={
            "image": st.sampled_from(["x", "y"]),
            "essential": st.booleans(),
            "dockerLabels": st.dictionaries(st.sampled_from("pq"), _values, max_size=2),
            "environment": st.lists(
                st.fixed_dictionaries({"name": st.sampled_from("AB"), "value": _values}), max_size=3
            ),
        },
    ),
    max_size=3,
)
_documents = st.builds(lambda containers: of(*containers), _containers)


@given(_documents, _documents)
def test_entries_and_text_agree_on_whether_there_is_a_difference(
    before: Definition, after: Definition
) -> None:
    assert bool(difference(before, after)) == bool(text(before, after))
    assert difference(before, before) == []

"""How problems are told: all at once, each at its place."""

import pytest

from deployments.definitions.application import Container

from .rule_samples import PLAIN, on_ec2, only, service_on_ec2
from .samples import container, problems_of, problems_of_team, service


def test_there_is_nothing_wrong_with_the_samples() -> None:
    assert problems_of_team() == []
    assert problems_of_team(container(), PLAIN) == []
    assert problems_of_team(on_ec2(), service_on_ec2()) == []
    assert problems_of(service()) == []


class TestImages:
    @pytest.mark.parametrize(
        ("architecture", "built_for", "works"),
        [
            ("X86_64", ("linux/amd64",), True),
            ("ARM64", ("linux/amd64", "linux/arm64"), True),
            ("ARM64", ("linux/arm64/v8",), True),
            ("ARM64", ("linux/amd64",), False),
            ("X86_64", ("linux/arm64",), False),
        ],
    )
    def test_they_must_be_for_the_processor_that_tasks_run_on(
        self, architecture: str, built_for: tuple[str, ...], works: bool
    ) -> None:
        written = container() | {"runtimePlatform": {"cpuArchitecture": architecture}}
        found = problems_of_team(written, PLAIN, built_for=built_for)
        assert (found == []) is works
        own = problems_of(service(architecture=architecture), built_for=built_for)
        assert (own == []) is works

    def test_fargate_takes_x86_where_nothing_is_said(self) -> None:
        written = container()
        del written["runtimePlatform"]
        found = problems_of_team(written, PLAIN, built_for=("linux/arm64",))
        only(found, "Tasks run on X86_64, but the image app of container web is for linux/arm64")

    @pytest.mark.parametrize(
        ("replaces", "message"),
        [({"nope": "app"}, "no container nope"), ({"web": "nope"}, "no image nope")],
    )
    def test_edaha_yml_must_name_what_there_is(
        self, replaces: dict[str, str], message: str
    ) -> None:
        problem = only(problems_of_team(container(), PLAIN, replaces=replaces), message)
        assert problem.file == "edaha.yml"


class TestEdahaYml:
    def test_each_problem_is_told_at_the_line_of_what_is_wrong(self) -> None:
        lines = {
            ("services", "app"): 2,
            ("services", "app", "cpu"): 3,
            ("services", "app", "containers", "cache"): 6,
            ("services", "app", "containers", "cache", "depends_on"): 8,
        }
        described = service(
            Container("app", "app"),
            Container("cache", "redis:7", depends_on={"gone": "START"}, memory=9999),
            cpu=100,
        )
        told_ = [str(problem) for problem in problems_of(described, lines=lines)]
        assert any(each.startswith("edaha.yml:3: Fargate has no tasks") for each in told_)
        assert any(each.startswith("edaha.yml:8: Container cache waits") for each in told_)
        # No line of its own: that of its container.
        assert any(each.startswith("edaha.yml:6: Container cache may have") for each in told_)

    def test_without_a_file_the_message_stands_alone(self) -> None:
        problem = problems_of(service(cpu=100))[0]
        assert str(problem) == "Fargate has no tasks with 100 CPU units."


def test_all_problems_come_at_once() -> None:
    written = container(privileged=True, links=["db"], essential=False) | {"networkMode": "host"}
    messages = [problem.message for problem in problems_of_team(written, PLAIN)]
    assert len(messages) >= 5
    assert len(set(messages)) == len(messages)

"""A deployment's log: written in time, and by one worker after the other."""

import pytest

from deployments.models import Branch, Deployment, LogChunk
from deployments.pipeline.report import Report

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def deployment(branch: Branch) -> Deployment:
    return Deployment.objects.create(branch=branch, generation=1, commit="c" * 40, trigger="push")


def written() -> list[str]:
    return [text for chunk in LogChunk.objects.order_by("first") for _, _, text in chunk.lines]


def test_what_was_said_before_a_move_is_written_before_it(deployment: Deployment) -> None:
    with Report(deployment) as report:
        report.say("one")
        report.say("two")
        report.flush()
        assert written() == ["one", "two"]


def test_whoever_goes_on_after_a_move_loses_no_line(deployment: Deployment) -> None:
    with Report(deployment) as first:
        for number in range(50):
            first.say(f"first {number}")
        first.flush()
        with Report(deployment) as second:
            second.say("second")
    assert written() == [*(f"first {number}" for number in range(50)), "second"]


def test_nothing_to_write_needs_no_waiting(deployment: Deployment) -> None:
    with Report(deployment) as report:
        report.flush()
    assert written() == []


def test_what_has_several_lines_is_logged_line_by_line(deployment: Deployment) -> None:
    with Report(deployment) as report:
        report.say("edaha.yml:1: one\nedaha.yml:2: two")
    assert written() == ["edaha.yml:1: one", "edaha.yml:2: two"]

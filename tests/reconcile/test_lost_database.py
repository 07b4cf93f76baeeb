"""A pass over an account that is full, with a database that knows nothing of it."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from deployments import reconcile
from deployments.models import Orphan, Pulse, Reconciliation
from deployments.reconcile import orphans
from tests.deployments.world import World

from .test_aws import TAGS, make_service

HOUR = 3600


@pytest.fixture
def lost(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(orphans, "_MANY", 2)
    world.new_branch()
    found = [f"edaha-lost-{number}-1" for number in range(3)]
    for name in found:
        make_service(name, TAGS)
    return found


def _pass() -> list[str]:
    made = reconcile.reconcile()
    assert made is not None
    problems: list[str] = made.problems
    return problems


def test_more_left_over_than_in_use_is_told_and_not_removed(world: World, lost: list[str]) -> None:
    for _ in range(3):
        (problem,) = _pass()
        assert problem.startswith("3 ECS services stand for nothing, more than there are in use")
        assert "bin/manage reconcile --remove-many" in problem
        world.clock.shift(HOUR)
    assert world.cloud.active == lost
    assert Orphan.objects.filter(kind="ecs_service", removed_at=None).count() == 3


def test_an_administrator_has_it_removed(
    world: World, lost: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    _pass()
    world.clock.shift(HOUR)
    call_command("reconcile", "--remove-many")
    told = capsys.readouterr().out
    assert world.cloud.active == []
    for name in lost:
        assert f"The ECS service {name} stood for nothing: removed." in told


def test_a_few_go_by_themselves(
    world: World, lost: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "_MANY", 3)
    assert _pass() == []
    world.clock.shift(HOUR)
    assert _pass() == []
    assert world.cloud.active == []


def test_a_pass_under_way_is_not_joined_by_a_command(world: World) -> None:
    world.new_branch()
    now = timezone.now()
    Reconciliation.objects.create(started_at=now, beat_at=now + timedelta(seconds=1))
    with pytest.raises(CommandError, match="being compared right now"):
        call_command("reconcile")
    assert not Pulse.objects.filter(part="forget").exists()

"""The agent brings Cloud Map to what ECS says, whatever was there before."""

from typing import Any, cast

import pytest

from sandbox.discovery.agent import Agent
from tests.sandbox.fakes import CloudMap, Ecs
from tests.sandbox.test_registrations import SERVICE, TASK


@pytest.fixture
def ecs() -> Ecs:
    ecs = Ecs()
    ecs.services["red"] = SERVICE
    return ecs


@pytest.fixture
def cloud_map() -> CloudMap:
    cloud_map = CloudMap()
    cloud_map.services["srv-1"] = {}
    return cloud_map


@pytest.fixture
def agent(ecs: Ecs, cloud_map: CloudMap) -> Agent:
    return Agent(cast(Any, ecs), cast(Any, cloud_map), "edaha")


def test_a_task_is_registered_when_it_runs_and_not_before(
    agent: Agent, ecs: Ecs, cloud_map: CloudMap
) -> None:
    ecs.tasks[TASK["taskArn"]] = TASK | {"lastStatus": "PENDING"}
    agent.step()
    assert cloud_map.services["srv-1"] == {}

    ecs.tasks[TASK["taskArn"]] = TASK
    agent.step()
    assert list(cloud_map.services["srv-1"]) == ["0123abcd"]


def test_a_task_that_stops_is_deregistered(agent: Agent, ecs: Ecs, cloud_map: CloudMap) -> None:
    ecs.tasks[TASK["taskArn"]] = TASK
    agent.step()
    del ecs.tasks[TASK["taskArn"]]

    agent.step()

    assert cloud_map.services["srv-1"] == {}


def test_a_step_without_a_change_costs_one_call(agent: Agent, ecs: Ecs) -> None:
    ecs.tasks[TASK["taskArn"]] = TASK
    agent.step()
    ecs.calls.clear()

    agent.step()

    assert ecs.calls == ["list_tasks"]


def test_a_deleted_cloud_map_service_is_no_error(
    agent: Agent, ecs: Ecs, cloud_map: CloudMap
) -> None:
    ecs.tasks[TASK["taskArn"]] = TASK
    agent.step()
    ecs.tasks.clear()
    cloud_map.services.clear()

    agent.step()

    assert agent.settled == {}


def test_a_sweep_takes_out_what_an_earlier_run_left(
    agent: Agent, ecs: Ecs, cloud_map: CloudMap
) -> None:
    ecs.tasks[TASK["taskArn"]] = TASK
    agent.step()
    cloud_map.services["srv-1"]["gone"] = {"ECS_CLUSTER_NAME": "edaha"}
    cloud_map.services["srv-1"]["by-hand"] = {"AWS_INSTANCE_IPV4": "10.0.0.1"}

    agent.sweep()

    assert set(cloud_map.services["srv-1"]) == {"0123abcd", "by-hand"}

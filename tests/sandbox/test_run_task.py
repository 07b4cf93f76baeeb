"""RunTask, ListTasks and the account that they work in, as clients rely on them.

Sources: RunTask and ListTasks in the Amazon ECS API reference, and "Ensuring idempotency" in
its developer guide.
"""

import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox import cloud
from tests.sandbox.cluster import Cluster, container

pytestmark = pytest.mark.docker


def test_the_same_token_starts_nothing_again(cluster: Cluster) -> None:
    definition = cluster.define(container("app", "exit 0"))
    first = cluster.run_task(definition, clientToken="one", startedBy="one")
    cluster.until(first, "STOPPED")

    assert cluster.run_task(definition, clientToken="one", startedBy="one") == first
    assert cluster.run_task(definition, clientToken="two", startedBy="one") != first


def test_a_token_is_refused_for_another_request(cluster: Cluster) -> None:
    definition = cluster.define(container("app", "exit 0"))
    cluster.run_task(definition, clientToken="three")

    with pytest.raises(ClientError) as refusal:
        cluster.run_task(definition, clientToken="three", startedBy="another")
    assert refusal.value.response["Error"]["Code"] == "ConflictException"


def test_stopped_tasks_are_found_by_who_started_them(cluster: Cluster) -> None:
    definition = cluster.define(container("app", "sleep 1"))
    arn = cluster.run_task(definition, startedBy="hook-7")

    def found(status: str) -> list[str]:
        answer = cluster.ecs.list_tasks(
            cluster=cloud.CLUSTER, startedBy="hook-7", desiredStatus=status
        )
        return list(answer["taskArns"])

    assert (found("RUNNING"), found("STOPPED")) == ([arn], [])
    cluster.until(arn, "STOPPED")
    assert (found("RUNNING"), found("STOPPED")) == ([], [arn])


def test_overrides_of_command_environment_and_memory(cluster: Cluster) -> None:
    definition = cluster.define(container("app", "exit 1"), container("side", "sleep 600"))
    script = '[ "$(cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes)" = '
    script += "$WANTED ]"
    override = {
        "name": "app",
        "command": ["sh", "-c", script],
        "environment": [{"name": "WANTED", "value": str(99 * 2**20)}],
        "memory": 99,
    }
    arn = cluster.run_task(definition, overrides={"containerOverrides": [override]})
    task = cluster.until(arn, "STOPPED")

    assert cluster.exit_codes(task)["app"] == 0
    assert task["group"].startswith("family:test-")


def test_a_strategy_of_spot_capacity_works_in_the_cluster(cluster: Cluster) -> None:
    definition = cluster.define(container("app", "exit 0"))
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    arn = cluster.run_task(definition, capacityProviderStrategy=strategy)
    described = cluster.ecs.describe_clusters(clusters=[cloud.CLUSTER])["clusters"][0]

    assert cluster.task(arn)["capacityProviderName"] == "FARGATE_SPOT"
    assert set(described["capacityProviders"]) == {"FARGATE", "FARGATE_SPOT"}


def test_the_execution_role_trusts_tasks(cluster: Cluster) -> None:
    session = boto3.Session("test", "test", region_name=cloud.REGION)
    iam: Any = session.client("iam", endpoint_url=cluster.emulator.url)
    role = iam.get_role(RoleName=cloud.EXECUTION_ROLE)["Role"]

    assert role["Arn"] == cluster.account.execution_role
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert statement["Action"] == "sts:AssumeRole"


def test_tasks_of_a_killed_emulator_are_over_and_tokens_are_remembered(cluster: Cluster) -> None:
    definition = cluster.define(container("app", "exit 3"))
    ended = cluster.run_task(definition, clientToken="before")
    cluster.until(ended, "STOPPED")
    running = cluster.run(container("app", "sleep 600"))
    cluster.until(running, "RUNNING")
    time.sleep(1.5)  # until its state is written

    cluster.emulator.kill()
    cluster.emulator.start()

    assert cluster.exit_codes(cluster.task(ended)) == {"app": 3}
    assert cluster.run_task(definition, clientToken="before") == ended
    assert cluster.task(running)["desiredStatus"] == "STOPPED"
    assert cluster.ecs.list_tasks(cluster=cloud.CLUSTER)["taskArns"] == []

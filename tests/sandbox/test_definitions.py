"""What a container definition says reaches the container."""

import json
from typing import Any

import pytest

from tests.sandbox.cluster import Cluster, container, docker

pytestmark = pytest.mark.docker

FOREVER = "trap 'exit 0' TERM; sleep 600 & wait"


def configured(cluster: Cluster, **definition: Any) -> dict[str, Any]:
    """Docker's HostConfig and Config of a container with this definition, which runs."""
    arn = cluster.run(container("app", FOREVER, **definition))
    cluster.until(arn, "RUNNING")
    [found] = json.loads(docker("inspect", cluster.docker_id(arn, "app")))
    return {**found["HostConfig"], **found["Config"]}


def code(cluster: Cluster, script: str, **definition: Any) -> int | None:
    """The exit code of a script in a container with this definition."""
    return cluster.exit_codes(cluster.stopped(container("app", script, **definition)))["app"]


def test_entry_point_and_command_are_its_own(cluster: Cluster) -> None:
    task = cluster.stopped(
        container("app", "") | {"entryPoint": ["sh", "-c"], "command": ["exit 6"]}
    )

    assert cluster.exit_codes(task) == {"app": 6}


def test_user_and_working_directory(cluster: Cluster) -> None:
    script = '[ "$(id -u):$(id -g):$PWD" = 65534:12:/etc ]'

    assert code(cluster, script, user="65534:12", workingDirectory="/etc") == 0


def test_a_file_system_may_be_read_only_but_for_tmpfs(cluster: Cluster) -> None:
    tmpfs = [{"containerPath": "/scratch", "size": 1, "mountOptions": ["noexec"]}]
    script = "! touch /tmp/x && touch /scratch/x && ! head -c 2000000 /dev/zero > /scratch/y"

    parameters = {"linuxParameters": {"tmpfs": tmpfs}, "readonlyRootFilesystem": True}
    assert code(cluster, script, **parameters) == 0


def test_ulimits(cluster: Cluster) -> None:
    limit = {"name": "nofile", "softLimit": 321, "hardLimit": 654}

    script = '[ "$(ulimit -Sn):$(ulimit -Hn)" = 321:654 ]'
    assert code(cluster, script, ulimits=[limit]) == 0


def test_an_init_process_runs_before_the_container_s_own(cluster: Cluster) -> None:
    assert code(cluster, "[ $$ = 1 ]") == 0
    assert code(cluster, "[ $$ != 1 ]", linuxParameters={"initProcessEnabled": True}) == 0


def test_capabilities_can_be_dropped(cluster: Cluster) -> None:
    dropped = {"capabilities": {"drop": ["CHOWN"]}}

    assert code(cluster, "touch /tmp/x; ! chown 1 /tmp/x", linuxParameters=dropped) == 0


def test_labels_health_check_and_reservation(cluster: Cluster) -> None:
    found = configured(
        cluster,
        dockerLabels={"team": "red"},
        memoryReservation=64,
        healthCheck={"command": ["CMD-SHELL", "true"], "retries": 2, "startPeriod": 7},
    )

    assert found["Labels"]["team"] == "red"
    assert found["Labels"]["com.amazonaws.ecs.container-name"] == "app"
    assert found["MemoryReservation"] == 64 * 2**20
    assert found["Healthcheck"] == {
        "Test": ["CMD-SHELL", "true"],
        "Interval": 30 * 10**9,
        "Timeout": 5 * 10**9,
        "StartPeriod": 7 * 10**9,
        "Retries": 2,
    }


@pytest.mark.parametrize("own", [{"memory": 64}, {}])
def test_a_container_that_takes_too_much_memory_is_killed(
    cluster: Cluster, own: dict[str, int]
) -> None:
    greedy = container("app", "exec python3 -c 'x = bytearray(400_000_000)'", **own)
    task = cluster.stopped(greedy, memory="128")

    assert cluster.exit_codes(task) == {"app": 137}
    assert task["containers"][0]["reason"].startswith("OutOfMemoryError")


def test_a_file_system_of_efs_outlives_its_tasks(cluster: Cluster) -> None:
    volume = [{"name": "files", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]
    mount = {"mountPoints": [{"sourceVolume": "files", "containerPath": "/files"}]}

    cluster.stopped(container("app", "echo kept > /files/x") | mount, volumes=volume)
    task = cluster.stopped(container("app", "grep kept /files/x") | mount, volumes=volume)

    assert cluster.exit_codes(task) == {"app": 0}


def test_a_volume_that_may_only_be_read(cluster: Cluster) -> None:
    mount = {"sourceVolume": "files", "containerPath": "/files", "readOnly": True}
    task = cluster.stopped(
        container("app", "! touch /files/x", mountPoints=[mount]), volumes=[{"name": "files"}]
    )

    assert cluster.exit_codes(task) == {"app": 0}


@pytest.mark.parametrize("beside", [(), (container("beside", FOREVER),)])
def test_a_name_below_localhost_in_the_environment_is_this_machine(
    cluster: Cluster, beside: tuple[dict[str, Any], ...]
) -> None:
    address = "http://api--feature-x.localhost:8080/v1?next=http://Web.localhost/"
    script = "grep -q '[1-9].*api--feature-x.localhost' /etc/hosts && grep web.localhost /etc/hosts"
    app = container("app", script, environment=[{"name": "API", "value": address}])

    assert cluster.exit_codes(cluster.stopped(app, *beside))["app"] == 0

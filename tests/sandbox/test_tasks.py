"""Tasks live as on ECS: one network interface, an order of start, their own exit codes.

What is expected here is said in the Amazon ECS developer guide ("Task definition parameters
for Fargate", "Task lifecycle", "Task networking") unless a test names another source.
"""

import time
import urllib.request

import pytest

from tests.sandbox.cluster import Cluster, after, container, docker

pytestmark = pytest.mark.docker

SERVE = "cd /tmp; echo hello > index.html; exec python3 -u -m http.server"
FETCH = "python3 -c 'import sys, urllib.request as r; r.urlopen(sys.argv[1])'"
FOREVER = "trap 'exit 0' TERM; sleep 600 & wait"


def fetch(url: str) -> str:
    deadline = time.monotonic() + 15
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            assert time.monotonic() < deadline, url
            time.sleep(0.1)


def test_containers_of_a_task_reach_each_other_on_localhost(cluster: Cluster) -> None:
    client = container("client", f"until {FETCH} http://127.0.0.1:8000; do sleep 0.2; done")
    task = cluster.stopped(container("app", f"{SERVE} 8000"), client)

    assert cluster.exit_codes(task)["client"] == 0


def test_a_task_has_one_address_for_all_its_containers(cluster: Cluster) -> None:
    arn = cluster.run(container("app", f"{SERVE} 8000"), container("web", f"{SERVE} 8080"))
    task = cluster.until(arn, "RUNNING")
    address = cluster.address(task)

    assert fetch(f"http://{address}:8000") == fetch(f"http://{address}:8080") == "hello\n"
    assert [
        interface["privateIpv4Address"]
        for each in task["containers"]
        for interface in each["networkInterfaces"]
    ] == [address, address]


def test_the_address_outlives_a_container_that_ends_first(cluster: Cluster) -> None:
    init = container("init", "true", essential=False)
    app = container("app", f"{SERVE} 8000", dependsOn=after("init", "SUCCESS"))
    task = cluster.until(cluster.run(init, app), "RUNNING")

    assert cluster.exit_codes(task) == {"init": 0, "app": None}
    assert fetch(f"http://{cluster.address(task)}:8000") == "hello\n"


def test_a_task_of_one_container_needs_no_second_one(cluster: Cluster) -> None:
    arn = cluster.run(container("app", f"{SERVE} 8000"))
    task = cluster.until(arn, "RUNNING")
    label = f"label=com.amazonaws.ecs.task-arn={arn}"

    assert fetch(f"http://{cluster.address(task)}:8000") == "hello\n"
    assert len(docker("ps", "--quiet", "--filter", label).split()) == 1


def test_a_container_waits_for_another_to_complete(cluster: Cluster) -> None:
    volume = {"sourceVolume": "shared", "containerPath": "/shared"}
    first = container("a", "sleep 1; echo > /shared/a; exit 3", essential=False)
    second = container("b", "test -e /shared/a", dependsOn=after("a", "COMPLETE"))
    task = cluster.stopped(
        first | {"mountPoints": [volume]},
        second | {"mountPoints": [volume]},
        volumes=[{"name": "shared"}],
    )

    assert cluster.exit_codes(task) == {"a": 3, "b": 0}


def test_a_container_whose_dependency_fails_is_never_started(cluster: Cluster) -> None:
    # The exit code is that of handleTerminalDependencyError in
    # github.com/aws/amazon-ecs-agent/blob/master/agent/engine/task_manager.go
    init = container("migrate", "exit 7", essential=False)
    task = cluster.stopped(init, container("app", FOREVER, dependsOn=after("migrate", "SUCCESS")))

    assert cluster.exit_codes(task) == {"migrate": 7, "app": 143}
    assert task["stopCode"] == "TaskFailedToStart"
    assert "[migrate] did not exit successfully" in task["containers"][1]["reason"]


def test_a_container_waits_for_another_to_be_healthy(cluster: Cluster) -> None:
    check = {"command": ["CMD-SHELL", "test -e /tmp/ready"], "interval": 1, "timeout": 2}
    database = container("db", f"sleep 2; touch /tmp/ready; {FOREVER}", healthCheck=check)
    app = container("app", FOREVER, dependsOn=after("db", "HEALTHY"))
    arn = cluster.run(database | {"healthCheck": check | {"retries": 10}}, app)

    started_at = time.monotonic()
    task = cluster.until(arn, "RUNNING")

    assert time.monotonic() - started_at > 1.5
    assert task["containers"][0]["healthStatus"] == "HEALTHY"
    assert task["healthStatus"] == "UNKNOWN"  # app has no check of its own


def test_a_dependency_that_takes_longer_than_its_start_timeout_fails_the_task(
    cluster: Cluster,
) -> None:
    init = container("init", FOREVER, essential=False, startTimeout=2)
    task = cluster.stopped(init, container("app", FOREVER, dependsOn=after("init", "COMPLETE")))

    assert task["stopCode"] == "TaskFailedToStart"
    assert "[init] has timed out" in task["containers"][1]["reason"]


def test_dependencies_that_lead_back_to_themselves_are_named(cluster: Cluster) -> None:
    one = container("one", FOREVER, dependsOn=after("two", "START"))
    task = cluster.stopped(one, container("two", FOREVER, dependsOn=after("one", "START")))

    assert "one depends on itself: one -> two -> one" in task["stoppedReason"]


def test_a_container_that_is_not_essential_may_end(cluster: Cluster) -> None:
    arn = cluster.run(container("app", FOREVER), container("side", "exit 5", essential=False))
    cluster.until(arn, "RUNNING")
    time.sleep(2)
    task = cluster.task(arn)

    assert task["lastStatus"] == "RUNNING"
    assert cluster.exit_codes(task) == {"app": None, "side": 5}


def test_the_end_of_an_essential_container_stops_the_others(cluster: Cluster) -> None:
    task = cluster.stopped(
        container("app", "sleep 1; exit 4"),
        container("polite", "trap 'exit 9' TERM; sleep 600 & wait"),
        container("stubborn", "sleep 600", stopTimeout=2),
    )

    assert cluster.exit_codes(task) == {"app": 4, "polite": 9, "stubborn": 137}
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"


def test_containers_are_stopped_before_those_that_they_depend_on(cluster: Cluster) -> None:
    volume = {"mountPoints": [{"sourceVolume": "shared", "containerPath": "/shared"}]}
    database = container("db", "trap 'test -e /shared/end; exit $?' TERM; sleep 600 & wait")
    app = container(
        "app",
        "trap 'sleep 1; touch /shared/end; exit 0' TERM; sleep 600 & wait",
        dependsOn=after("db", "START"),
    )
    arn = cluster.run(database | volume, app | volume, volumes=[{"name": "shared"}])
    cluster.until(arn, "RUNNING")
    time.sleep(0.5)

    cluster.ecs.stop_task(cluster="edaha", task=arn)

    assert cluster.exit_codes(cluster.until(arn, "STOPPED")) == {"db": 0, "app": 0}


def test_a_stopped_task_leaves_nothing_in_docker_and_stays_describable(cluster: Cluster) -> None:
    volume = {"mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]}
    arn = cluster.run(
        container("app", FOREVER) | volume, container("web", FOREVER), volumes=[{"name": "data"}]
    )
    cluster.until(arn, "RUNNING")
    task_id = arn.rpartition("/")[2]
    assert docker("volume", "ls", "--quiet", "--filter", f"label=edaha.task={task_id}")

    cluster.ecs.stop_task(cluster="edaha", task=arn, reason="enough")
    task = cluster.until(arn, "STOPPED")

    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert cluster.exit_codes(task) == {"app": 0, "web": 0}
    label = f"label=com.amazonaws.ecs.task-arn={arn}"
    assert not docker("ps", "--all", "--quiet", "--filter", label)
    assert not docker("volume", "ls", "--quiet", "--filter", f"label=edaha.task={task_id}")


def test_a_task_can_be_stopped_while_its_containers_wait_for_each_other(cluster: Cluster) -> None:
    init = container("init", FOREVER, essential=False)
    arn = cluster.run(init, container("app", FOREVER, dependsOn=after("init", "COMPLETE")))
    deadline = time.monotonic() + 15
    while cluster.task(arn)["containers"][0]["lastStatus"] != "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(0.5)  # until its shell has set its trap

    cluster.ecs.stop_task(cluster="edaha", task=arn)
    task = cluster.until(arn, "STOPPED")

    assert cluster.exit_codes(task) == {"init": 0, "app": None}
    assert not docker("ps", "--all", "--quiet", "--filter", f"name={arn.rpartition('/')[2][:8]}")


def test_a_command_that_is_not_there_fails_the_task_with_the_reason(cluster: Cluster) -> None:
    task = cluster.stopped(container("app", "") | {"command": ["/no/such/command"]})

    assert task["stopCode"] == "TaskFailedToStart"
    assert "/no/such/command" in task["stoppedReason"]


def test_the_last_lines_of_a_container_are_in_the_log_when_its_task_has_stopped(
    cluster: Cluster,
) -> None:
    cluster.logs.create_log_group(logGroupName="/test")
    options = {"awslogs-group": "/test", "awslogs-region": "us-east-1"}
    options["awslogs-stream-prefix"] = "hook"
    logging = {"logDriver": "awslogs", "options": options}
    task = cluster.stopped(container("main", "seq 200; echo last", logConfiguration=logging))

    stream = f"hook/main/{task['taskArn'].rpartition('/')[2]}"
    events = cluster.logs.get_log_events(
        logGroupName="/test", logStreamName=stream, startFromHead=True
    )["events"]
    assert [each["message"] for each in events][-2:] == ["200", "last"]


def test_a_service_replaces_a_task_that_fails_its_health_check(cluster: Cluster) -> None:
    check = {"command": ["CMD", "false"], "interval": 1, "timeout": 2, "retries": 1}
    definition = cluster.define(container("app", FOREVER, healthCheck=check))
    service = {"cluster": "edaha", "serviceName": "sick"}
    cluster.ecs.create_service(**service, taskDefinition=definition, desiredCount=1)
    deadline = time.monotonic() + 30
    stopped: list[str] = []
    while not stopped:
        assert time.monotonic() < deadline
        time.sleep(0.2)
        stopped = cluster.ecs.list_tasks(**service, desiredStatus="STOPPED")["taskArns"]

    [running] = cluster.ecs.list_tasks(**service)["taskArns"]
    cluster.ecs.delete_service(cluster="edaha", service="sick", force=True)

    assert cluster.task(stopped[0])["stoppedReason"] == "Task failed container health checks"
    assert running not in stopped

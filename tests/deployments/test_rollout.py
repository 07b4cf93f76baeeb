"""Where a rollout stands, by what ECS says of it."""

from typing import Any

import pytest

from deployments.definitions.rollout import Verdict, judge

OURS = "ecs-svc/1"


def service(
    ours: dict[str, Any], *others: dict[str, Any], status: str = "ACTIVE"
) -> dict[str, Any]:
    own = {"id": OURS, "status": "PRIMARY", "desiredCount": 1, "runningCount": 0} | ours
    return {"status": status, "deployments": [*others, own]}


def task(code: str = "EssentialContainerExited", exit_code: int | None = 1) -> dict[str, Any]:
    container = {"name": "app"} | ({} if exit_code is None else {"exitCode": exit_code})
    return {
        "taskArn": "arn:task/1",
        "stopCode": code,
        "stoppedReason": "CannotPullContainerError: no such image",
        "containers": [container],
    }


COMPLETED: dict[str, Any] = {"rolloutState": "COMPLETED", "runningCount": 1}
IN_PROGRESS: dict[str, Any] = {"rolloutState": "IN_PROGRESS"}


CASES: list[tuple[str, Verdict, dict[str, Any] | None, list[dict[str, Any]]]] = [
    ("completed", Verdict.RUNNING, service(COMPLETED), []),
    ("in progress", Verdict.WAITING, service(IN_PROGRESS), []),
    ("runs, not completed", Verdict.WAITING, service(IN_PROGRESS | {"runningCount": 1}), []),
    ("completed before it runs", Verdict.WAITING, service(COMPLETED | {"runningCount": 0}), []),
    ("desired 0", Verdict.WAITING, service(COMPLETED | {"desiredCount": 0}), []),
    ("no state yet", Verdict.WAITING, service({}), []),
    ("circuit breaker", Verdict.FAILED, service({"rolloutState": "FAILED"}), []),
    ("no such service", Verdict.FAILED, None, []),
    ("being deleted", Verdict.FAILED, service(COMPLETED, status="DRAINING"), []),
    ("deleted", Verdict.FAILED, service(COMPLETED, status="INACTIVE"), []),
    ("another's deployment", Verdict.FAILED, service(COMPLETED | {"id": "ecs-svc/2"}), []),
    ("no longer the primary", Verdict.FAILED, service(COMPLETED | {"status": "ACTIVE"}), []),
    ("an older beside it", Verdict.RUNNING, service(COMPLETED, {"id": "ecs-svc/0"}), []),
    ("one failed task", Verdict.WAITING, service(IN_PROGRESS), [task()]),
    ("crash loop", Verdict.FAILED, service(IN_PROGRESS), [task()] * 2),
    ("crash loop, called completed", Verdict.FAILED, service(COMPLETED), [task()] * 2),
    ("cannot pull", Verdict.FAILED, service({}), [task("TaskFailedToStart", None)] * 2),
    ("spot instances", Verdict.WAITING, service({}), [task("SpotInterruption")] * 5),
    ("stopped by hand", Verdict.WAITING, service({}), [task("UserInitiated")] * 5),
]


@pytest.mark.parametrize(
    ("verdict", "seen", "stopped"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_verdict(
    verdict: Verdict, seen: dict[str, Any] | None, stopped: list[dict[str, Any]]
) -> None:
    judgement = judge(seen, OURS, stopped)
    assert judgement.verdict == verdict
    assert judgement.message
    assert (verdict == Verdict.FAILED) <= bool(judgement.hint or judgement.task_arn)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (137, "using more memory"),
        (139, "segmentation fault"),
        (126, "not executable"),
        (127, "not found in the image"),
        (1, "last lines are in the log"),
        (0, "last lines are in the log"),
    ],
)
def test_an_exit_code_is_explained(code: int, hint: str) -> None:
    judgement = judge(service({}), OURS, [task(exit_code=code)] * 2)
    assert judgement.message == f"The container exited by itself with code {code}."
    assert hint in judgement.hint
    assert judgement.task_arn == "arn:task/1"


def test_an_exit_without_a_code_is_told_as_such() -> None:
    judgement = judge(service({}), OURS, [task(exit_code=None)] * 2)
    assert judgement.message == "The container exited by itself with code unknown."


def test_a_task_that_cannot_start_is_told_in_ecss_words() -> None:
    judgement = judge(service({}), OURS, [task("TaskFailedToStart")] * 2)
    assert judgement.message == (
        "The task could not start: CannotPullContainerError: no such image."
    )


def containers(*ended: tuple[str, int, str]) -> dict[str, Any]:
    found = [{"name": name, "exitCode": code, "reason": reason} for name, code, reason in ended]
    return task() | {"containers": found}


@pytest.mark.parametrize(
    ("ended", "culprit"),
    [
        ([("init", 0, ""), ("app", 3, ""), ("nginx", 143, "")], "app"),
        ([("nginx", 137, ""), ("app", 1, "")], "app"),
        ([("nginx", 143, ""), ("app", 137, "OutOfMemoryError: Container killed")], "app"),
        ([("init", 0, ""), ("app", 137, ""), ("nginx", 143, "")], "app"),
    ],
)
def test_of_several_containers_the_one_that_failed_is_named(
    ended: list[tuple[str, int, str]], culprit: str
) -> None:
    judgement = judge(service({}), OURS, [containers(*ended)] * 2)
    assert judgement.message.startswith(f"Container {culprit} exited by itself with code ")


def test_a_container_that_could_not_start_says_why() -> None:
    unable = containers(("app", 143, "dependency graph: [init] did not exit successfully"))
    judgement = judge(service({}), OURS, [unable | {"stopCode": "TaskFailedToStart"}] * 2)
    assert judgement.message.endswith("[init] did not exit successfully.")


def test_a_container_that_is_not_healthy_is_a_failure() -> None:
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
    unhealthy = task("ServiceSchedulerInitiated") | {
        "stoppedReason": "Task failed container health checks"
    }
    judgement = judge(service({}), OURS, [unhealthy] * 2)
    assert judgement.verdict == Verdict.FAILED
    assert judgement.message == "Task failed container health checks"
    assert "health check" in judgement.hint


def test_the_circuit_breakers_reason_is_told() -> None:
    reason = "ECS deployment circuit breaker: tasks failed to start."
    failed = service({"rolloutState": "FAILED", "rolloutStateReason": reason})
    judgement = judge(failed, OURS, [])
    assert judgement.message == reason

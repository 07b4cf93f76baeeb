"""The end of a task, in the steps of ECS: DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED.

MiniStack goes through them at once and gives every container the same exit code. Here a task
of a service first leaves service discovery, then its containers are stopped, and only when
their own exit codes are known is it STOPPED.
Source: "Task lifecycle" in the Amazon ECS developer guide.
"""

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby
from typing import Any

from ministack.core.concurrency import resource_lock
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import ecs, ecs_metadata

from sandbox.emulator import look, output, snapshots, states

DRAIN = 3.0  # seconds until resolvers have forgotten an address that was in service discovery
FAILURES = ("EssentialContainerExited", "TaskFailedToStart", "ServiceSchedulerInitiated")


def begin(
    task_arn: str, task: dict[str, Any], reason: str, stop_code: str, exit_code: object = None
) -> bool:
    """Takes the place of MiniStack's _mark_task_stopped; false for a task that ends already.

    Containers tell their exit codes themselves, so `exit_code` is not looked at.
    """
    with resource_lock("ecs-task", task_arn):
        if not ecs._task_is_active(task_arn, task):
            return False
        is_serving = states.is_of_service(task) and task["lastStatus"] == "RUNNING"
        ecs._bump_task_version(task)
        now = ecs._iso()
        task |= {"desiredStatus": "STOPPED", "lastStatus": "DEACTIVATING", "stoppingAt": now}
        task |= {"stoppedReason": reason, "stopCode": stop_code}
    ecs_metadata.set_task_status(task_arn, known_status="DEACTIVATING", desired_status="STOPPED")
    _tell_service(task)
    if stop_code in FAILURES:
        ecs._record_service_task_failure(task)
    docker = ecs._get_docker()
    if docker is None:
        _stopped(task)
    else:
        scope = (get_account_id(), get_region())
        arguments = (task, docker, is_serving, scope)
        threading.Thread(target=_finish, args=arguments, daemon=True, name="ending").start()
    return True


def _finish(task: dict[str, Any], docker: Any, is_serving: bool, scope: tuple[str, str]) -> None:
    with request_scope(*scope):
        look.refresh(task, docker)
        if is_serving and _alive(task):
            time.sleep(DRAIN)
        task["lastStatus"] = "STOPPING"
        for _, wave in groupby(_alive(task), key=lambda each: each["_wave"]):
            _stop(wave, docker)
            look.refresh(task, docker)
        output.wait(each["_docker_id"] for each in task["containers"] if "_docker_id" in each)
        task["executionStoppedAt"] = ecs._iso()
        ecs._bump_task_version(task)
        task["lastStatus"] = "DEPROVISIONING"
        remove(task, docker)
        _stopped(task)


def _alive(task: dict[str, Any]) -> list[dict[str, Any]]:
    """Containers that run, in the order in which they are to be stopped."""
    running = [
        each
        for each in task["containers"]
        if each.get("_docker_id") and each["lastStatus"] != "STOPPED"
    ]
    return sorted(running, key=lambda each: each["_wave"])


def _stop(wave: Iterable[dict[str, Any]], docker: Any) -> None:
    def stop(record: dict[str, Any]) -> None:
        with suppress(Exception):  # one that is gone already, or an engine that does not answer
            docker.api.stop(record["_docker_id"], timeout=record["_stop_timeout"])

    with ThreadPoolExecutor() as pool:
        list(pool.map(stop, wave))


def remove(task: dict[str, Any], docker: Any) -> None:
    """Removes all of the task's containers and volumes; may be repeated."""
    with suppress(Exception):
        label = f"com.amazonaws.ecs.task-arn={task['taskArn']}"
        for each in docker.api.containers(all=True, filters={"label": label}):
            with suppress(Exception):
                docker.api.remove_container(each["Id"], v=True, force=True)
        for name in task.get("_volumes", ()):
            with suppress(Exception):
                docker.api.remove_volume(name)
    task["_docker_ids"] = []


def remove_late_comers(task: dict[str, Any], docker: Any) -> None:
    """Removes what was started while the task was ended already; waits for that end first."""
    while task["desiredStatus"] == "STOPPED" != task["lastStatus"]:
        time.sleep(0.1)
    remove(task, docker)


def _stopped(task: dict[str, Any]) -> None:
    for record in task["containers"]:
        record["lastStatus"] = "STOPPED"
    task["stoppedAt"] = ecs._iso()
    task["executionStoppedAt"] = task.get("executionStoppedAt") or task["stoppedAt"]
    ecs._bump_task_version(task)
    task["lastStatus"] = "STOPPED"
    for token in task.pop("_metadata_tokens", ()):
        ecs_metadata.unregister_token(token)
    _tell_service(task)
    snapshots.soon()


def _tell_service(task: dict[str, Any]) -> None:
    cluster = ecs._cluster_name_from_arn(task.get("clusterArn", ""))
    if cluster:
        ecs._recount_cluster(cluster)
        ecs._refresh_service_state(cluster, task.get("group", ""))


def _restore(data: Any) -> None:
    """Tasks that ran when the emulator was killed are over, not just their containers."""
    _restore_state(data)
    for task in ecs._tasks._data.values():
        if task.get("desiredStatus") != "STOPPED":
            task |= {"desiredStatus": "STOPPED", "stopCode": "TerminationNotice"}
            task |= {"stoppedReason": "The AWS emulator was restarted", "stoppedAt": ecs._iso()}
        for record in task.get("containers", ()):
            record["lastStatus"] = "STOPPED"


_restore_state = ecs._restore_state


def install() -> None:
    ecs._mark_task_stopped = begin
    ecs._cleanup_task_resources = lambda *_: None  # `begin` has it done
    ecs._restore_state = _restore

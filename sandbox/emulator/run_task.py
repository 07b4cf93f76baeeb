"""RunTask as a client may repeat it: the same token starts nothing again.

Source: "Ensuring idempotency" in the Amazon ECS developer guide.
"""

import json
import threading
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import ecs

Answer = tuple[int, Any, Any]  # status, headers, body

_one_at_a_time = threading.Lock()


def run_task(data: dict[str, Any]) -> Answer:
    """Takes the place of MiniStack's handler, which does not look at clientToken."""
    token = data.get("clientToken")
    if not data.get("group"):
        family = str(data.get("taskDefinition", "")).rpartition("/")[2].partition(":")[0]
        data["group"] = f"family:{family}"
    if not token:
        started: Answer = _run(data)
        return started
    with _one_at_a_time:
        return _repeat(token, data) or _run_first(token, data)


def _repeat(token: str, data: dict[str, Any]) -> Answer | None:
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    tasks = [
        each
        for each in ecs._tasks.values()
        if each.get("_client_token") == token
        and ecs._cluster_name_from_arn(each["clusterArn"]) == cluster
    ]
    if not tasks:
        return None
    if tasks[0]["_client_request"] != _fingerprint(data):
        message = "The provided clientToken is already in use with a different RunTask request."
        answer: Answer = error_response_json("ConflictException", message, 400)
        return answer
    known: Answer = json_response({"tasks": ecs._sanitize(tasks), "failures": []})
    return known


def _run_first(token: str, data: dict[str, Any]) -> Answer:
    status, headers, body = _run(data)
    for each in json.loads(body).get("tasks", ()):
        task = ecs._tasks[each["taskArn"]]
        task["_client_token"], task["_client_request"] = token, _fingerprint(data)
    return status, headers, body


def _fingerprint(data: dict[str, Any]) -> str:
    return json.dumps(data, sort_keys=True)


_run = ecs._run_task


def install() -> None:
    ecs._ACTION_MAP["RunTask"] = run_task

"""ECS's rules about tasks, and one-off tasks that start and end."""

import threading
import uuid
from collections.abc import Callable

from . import syntax
from .call import Call, Json, Refusal, Reply
from .ecs_definitions import Definitions
from .ecs_model import Task
from .ecs_services import Services, asks_for_tags, cluster_of, paged
from .timing import Clock
from .upstream import Upstream

Handlers = dict[str, Callable[[Call], Reply]]


class Tasks:
    def __init__(
        self, clock: Clock, upstream: Upstream, definitions: Definitions, services: Services
    ) -> None:
        self._clock, self._upstream = clock, upstream
        self._definitions, self._services = definitions, services
        self._once: list[Task] = []
        #: By token: the request, and what it was answered.
        self._answered: dict[str, tuple[Json, Json]] = {}
        self._lock = threading.RLock()

    def handlers(self, *, simulates: bool) -> Handlers:
        rules: Handlers = {"ecs.RunTask": self._run if simulates else self._run_there}
        if not simulates:
            return rules | {"ecs.DescribeTasks": self._describe_there}
        return rules | {
            "ecs.DescribeTasks": self._describe,
            "ecs.ListTasks": self._list,
            "ecs.StopTask": self._stop,
        }

    def running_once(self) -> list[str]:
        """One-off tasks that have not ended."""
        now = self._clock.now()
        return [task.started_by for task in self._once if task.status(now) != "STOPPED"]

    def _run(self, call: Call) -> Reply:
        with self._lock:
            earlier = self._earlier(call)
            if earlier is not None:
                return earlier
            self._definitions.check_is_active(call.body["taskDefinition"])
            return self._remember(call, {"tasks": [self._start(call.body)], "failures": []})

    def _run_there(self, call: Call) -> Reply:
        with self._lock:
            earlier = self._earlier(call)
            if earlier is not None:
                return earlier
            self._definitions.check_is_active(call.body["taskDefinition"])
            reply = self._upstream.ask(call)
            return self._remember(call, reply.said) if reply.status == 200 else reply

    def _earlier(self, call: Call) -> Reply | None:
        """One token starts one task; with other parameters it is a conflict.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ECS_Idempotency.html
        """
        token = call.body.get("clientToken", "")
        syntax.token(token, 64)
        if not token or token not in self._answered:
            return None
        request, said = self._answered[token]
        if request != call.body:
            arns = [task["taskArn"] for task in said["tasks"]]
            raise Refusal(
                "ConflictException", "The token was used with other parameters.", resourceIds=arns
            )
        return Reply.of(said)

    def _remember(self, call: Call, said: Json) -> Reply:
        token = call.body.get("clientToken")
        if token and said.get("tasks"):
            self._answered[token] = (call.body, said)
        return Reply.of(said)

    def _start(self, body: Json) -> Json:
        now, timing = self._clock.now(), self._clock.timing
        overrides = body.get("overrides", {})
        containers = overrides.get("containerOverrides") or [{"name": "main"}]
        stem = body["taskDefinition"].partition(":task-definition/")[0] or "arn:aws:ecs"
        running = now + timing.starting
        task = Task(
            arn=f"{stem}:task/{cluster_of(body)}/{uuid.uuid4().hex}",
            cluster=cluster_of(body),
            definition=body["taskDefinition"],
            created_at=now,
            running_at=running,
            stopped_at=running + timing.one_off,
            started_by=body.get("startedBy", ""),
            overrides=overrides,
            container=containers[0]["name"],
            tags=body.get("tags", []),
        )
        self._once.append(task)
        return task.description(now)

    def _describe(self, call: Call) -> Reply:
        wanted = call.body["tasks"]
        syntax.at_most(100, "tasks", wanted)
        seen = self._clock.seen()
        known = {task.arn: task for task in self._every() if task.status(seen)}
        return Reply.of(
            {
                "tasks": [
                    known[arn].description(seen, with_tags=asks_for_tags(call.body))
                    for arn in wanted
                    if arn in known
                ],
                "failures": [
                    {"arn": arn, "reason": "MISSING"} for arn in wanted if arn not in known
                ],
            }
        )

    def _describe_there(self, call: Call) -> Reply:
        syntax.at_most(100, "tasks", call.body["tasks"])
        return self._upstream.ask(call)

    def _list(self, call: Call) -> Reply:
        seen, body = self._clock.seen(), call.body
        is_stopped = body.get("desiredStatus") == "STOPPED"
        arns = [
            task.arn
            for task in self._every()
            if task.cluster == cluster_of(body)
            and task.status(seen)
            and (task.status(seen) == "STOPPED") == is_stopped
            and _is_meant(task, body)
        ]
        return Reply.of(paged("taskArns", sorted(arns), body))

    def _stop(self, call: Call) -> Reply:
        now = self._clock.now()
        for task in self._every():
            if task.arn == call.body["task"]:
                task.exit_code = 143 if task.status(now) != "STOPPED" else task.exit_code
                task.stop(now)
                return Reply.of({"task": task.description(now)})
        raise Refusal("InvalidParameterException", "The referenced task was not found.")

    def _every(self) -> list[Task]:
        with self._lock:
            return [*self._services.tasks(), *self._once]


def _is_meant(task: Task, body: Json) -> bool:
    """By the filters of https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html"""
    family = task.definition.rpartition("/")[2].partition(":")[0]
    wanted_service = str(body.get("serviceName", task.service)).rpartition("/")[2]
    return (
        wanted_service == task.service
        and str(body.get("family", family)) == family
        and str(body.get("startedBy", task.started_by)) == task.started_by
    )

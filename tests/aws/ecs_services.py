"""ECS's rules about services."""

import threading
import uuid
from collections.abc import Callable
from typing import Any

from . import syntax
from .call import Call, Json, Refusal, Reply
from .ecs_definitions import Definitions
from .ecs_model import Service, Task
from .timing import Clock
from .upstream import Upstream

Handlers = dict[str, Callable[[Call], Reply]]
_NOT_IDEMPOTENT = "Creation of service was not idempotent."
#: What UpdateService takes, and starts a new deployment with:
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
_DEPLOYS = ("taskDefinition", "networkConfiguration", "platformVersion", "serviceRegistries")


class Services:
    def __init__(
        self, clock: Clock, upstream: Upstream, definitions: Definitions, *, simulates: bool
    ) -> None:
        """`simulates` plays the tasks that the emulator does not start."""
        self._clock, self._upstream, self._definitions = clock, upstream, definitions
        self._simulates = simulates
        self._known: dict[tuple[str, str], Service] = {}
        self._lock = threading.RLock()

    def handlers(self) -> Handlers:
        return {
            "ecs.CreateService": self._create,
            "ecs.UpdateService": self._update,
            "ecs.DeleteService": self._delete,
            "ecs.DescribeServices": self._describe,
            "ecs.ListServices": self._list,
        }

    def every(self) -> list[Service]:
        with self._lock:
            return [*self._known.values()]

    def tasks(self) -> list[Task]:
        return [task for service in self.every() for task in service.tasks]

    def _create(self, call: Call) -> Reply:
        body = call.body
        syntax.ecs_name("serviceName", body["serviceName"])
        syntax.token(body.get("clientToken", ""), 36)
        key = (cluster_of(body), body["serviceName"])
        with self._lock:
            known = self._known.get(key)
            if known and self._may_be_repeated(known, body):
                return Reply.of({"service": known.shown(self._clock.now())})
            self._check_token_is_new(body)
            self._definitions.check_is_active(body.get("taskDefinition", ""))
            reply = self._upstream.ask(call)
            if reply.status != 200:
                return reply
            now = self._clock.now()
            description = reply.said["service"]
            service = Service(*key, body, description, now, self._clock.timing)
            self._known[key] = service
            self._scale(service, body.get("desiredCount", 1), now)
            return Reply.of({"service": service.shown(now)}) if self._simulates else reply

    def _may_be_repeated(self, known: Service, body: Json) -> bool:
        """Whether a name that is known is asked for by the very request that made it.

        "If you attempt to create a new service with the same name as an existing service in either
        ACTIVE or DRAINING status, you receive an error":
        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
        A repeated clientToken is no error if its parameters are the same:
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ECS_Idempotency.html
        """
        status = known.status(self._clock.now())
        if status == "DRAINING":
            raise Refusal(
                "InvalidParameterException", "Unable to Start a service that is still Draining."
            )
        if status != "ACTIVE":
            return False
        if not body.get("clientToken") or body != known.request:
            raise Refusal("InvalidParameterException", _NOT_IDEMPOTENT)
        return True

    def _check_token_is_new(self, body: Json) -> None:
        """One token stands for one service: the page about idempotency, above."""
        token, cluster = body.get("clientToken"), cluster_of(body)
        for service in self._known.values():
            if token and service.cluster == cluster and service.request.get("clientToken") == token:
                is_other = service.name != body["serviceName"]
                if is_other and service.status(self._clock.now()) == "ACTIVE":
                    raise Refusal("InvalidParameterException", _NOT_IDEMPOTENT)

    def _update(self, call: Call) -> Reply:
        with self._lock:
            service = self._active(call)
            body, now = call.body, self._clock.now()
            if "taskDefinition" in body:
                self._definitions.check_is_active(body["taskDefinition"])
            reply = self._upstream.ask(call)
            if reply.status != 200 or not self._simulates:
                return reply
            service.description |= {
                name: reply.said["service"][name] for name in ("desiredCount", "taskDefinition")
            }
            if body.get("forceNewDeployment") or any(name in body for name in _DEPLOYS):
                self._roll(service, now)
            self._scale(service, service.description["desiredCount"], now)
            return Reply.of({"service": service.shown(now)})

    def _delete(self, call: Call) -> Reply:
        """Only a service that is scaled to 0 is deleted without force:

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
        """
        with self._lock:
            service = self._active(call)
            if service.description.get("desiredCount", 0) and not call.body.get("force"):
                raise Refusal(
                    "InvalidParameterException",
                    "The service cannot be stopped while it is scaled above 0.",
                )
            reply = self._upstream.ask(call)
            if reply.status != 200:
                return reply
            service.delete(self._clock.now())
            return Reply.of({"service": service.shown(self._clock.now())})

    def _active(self, call: Call) -> Service:
        name = call.body["service"].rpartition("/")[2]
        service = self._known.get((cluster_of(call.body), name))
        status = service.status(self._clock.now()) if service else "MISSING"
        if service is None or status == "MISSING":
            raise Refusal("ServiceNotFoundException", "Service not found.")
        if status != "ACTIVE":
            raise Refusal("ServiceNotActiveException", "Service was not ACTIVE.")
        return service

    def _describe(self, call: Call) -> Reply:
        names = [each.rpartition("/")[2] for each in call.body["services"]]
        syntax.at_most(10, "services", names)
        told = {} if self._simulates else self._told_by_emulator(call)
        seen, cluster = self._clock.seen(), cluster_of(call.body)
        found, failures = [], []
        for name in names:
            with self._lock:
                service = self._known.get((cluster, name))
                status = service.status(seen) if service else "MISSING"
                if service is None or status == "MISSING":
                    arn = f"arn:aws:ecs:service/{cluster}/{name}"
                    failures.append({"arn": arn, "reason": "MISSING"})
                elif name in told:
                    found.append(told[name] | {"status": status})
                else:
                    found.append(service.shown(seen, with_tags=asks_for_tags(call.body)))
        return Reply.of({"services": found, "failures": failures})

    def _told_by_emulator(self, call: Call) -> dict[str, Any]:
        said = self._upstream.ask(call).said
        return {each["serviceName"]: each for each in said.get("services", ())}

    def _list(self, call: Call) -> Reply:
        """DRAINING ones are "no longer visible in the … ListServices API operation":

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
        """
        seen, cluster = self._clock.seen(), cluster_of(call.body)
        arns = sorted(
            service.description["serviceArn"]
            for service in self.every()
            if service.cluster == cluster and service.status(seen) == "ACTIVE"
        )
        return Reply.of(paged("serviceArns", arns, call.body, default=10))

    def _scale(self, service: Service, desired: int, now: float) -> None:
        if not self._simulates:
            return
        running = [task for task in service.tasks if task.stopped_at is None]
        for _ in range(desired - len(running)):
            service.tasks.append(self._new_task(service, now))
        for task in running[desired:]:
            task.stop(now)

    def _roll(self, service: Service, now: float) -> None:
        """A new deployment: its tasks run before the earlier ones end."""
        for deployment in service.description["deployments"]:
            deployment["id"] = f"ecs-svc/{uuid.uuid4().int % 10**18}"
            deployment["taskDefinition"] = service.description["taskDefinition"]
        for task in service.tasks:
            task.stop(now + self._clock.timing.starting)

    def _new_task(self, service: Service, now: float) -> Task:
        stem = service.description["serviceArn"].partition(":service/")[0]
        return Task(
            arn=f"{stem}:task/{service.cluster}/{uuid.uuid4().hex}",
            cluster=service.cluster,
            definition=service.description["taskDefinition"],
            created_at=now,
            running_at=now + self._clock.timing.starting,
            service=service.name,
            registry=service.registry,
            tags=service.request.get("tags", []) if _propagates(service.request) else [],
        )


def asks_for_tags(body: Json) -> bool:
    return "TAGS" in body.get("include", ())


def _propagates(request: Json) -> bool:
    return request.get("propagateTags") == "SERVICE"


def cluster_of(body: Json) -> str:
    return str(body.get("cluster") or "default").rpartition("/")[2]


def paged(what: str, every: list[Any], body: Json, *, default: int = 100) -> Json:
    """A page of at most maxResults, and the token of the next."""
    start, size = int(body.get("nextToken") or 0), int(body.get("maxResults") or default)
    said: Json = {what: every[start : start + size]}
    if start + size < len(every):
        said["nextToken"] = str(start + size)
    return said

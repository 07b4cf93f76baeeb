"""The account as the proxy shows it: which rule looks after which call, and what is left in it."""

from typing import Any

from .buckets import Buckets
from .call import Call, Json, Refusal, Reply
from .cloudmap import CloudMap
from .ecr import Images
from .ecs_definitions import Definitions
from .ecs_services import Services
from .ecs_tasks import Tasks
from .timing import Clock
from .upstream import Upstream


class Account:
    def __init__(self, clock: Clock, upstream: Upstream, *, simulates: bool) -> None:
        """`simulates` plays what moto lacks: tasks, their instances, and images."""
        self._clock, self._upstream = clock, upstream
        #: The emulator's own address, without any rule.
        self.emulator = upstream.url
        self._buckets = Buckets()
        self._definitions = Definitions(clock, upstream)
        self._services = Services(clock, upstream, self._definitions, simulates=simulates)
        self._tasks = Tasks(clock, upstream, self._definitions, self._services)
        self._cloudmap = CloudMap(clock, upstream, self._services)
        self._images = Images(upstream)
        self._handlers = (
            self._definitions.handlers()
            | self._services.handlers()
            | self._tasks.handlers(simulates=simulates)
            | self._cloudmap.handlers(simulates=simulates)
            | (self._images.handlers() if simulates else {})
        )

    def answer(self, call: Call) -> Reply:
        """By the rules; whatever has none is the emulator's own business."""
        try:
            self._buckets.check(call)
            return self._handlers.get(call.name, self._upstream.ask)(call)
        except Refusal as refusal:
            return refusal.reply(call)

    def left(self, prefix: str) -> Json:
        """Everything whose name begins so, as it is now and not as reads may show it."""
        now = self._clock.now()
        statuses = {each.name: each.status(now) for each in self._services.every()}
        return {
            "services": {
                name: status
                for name, status in sorted(statuses.items())
                if status != "MISSING" and name.startswith(prefix)
            },
            "names": {
                each.name: self._cloudmap.instances(each.id, now)
                for each in self._cloudmap.names()
                if each.name.startswith(prefix)
            },
            "task_definitions": [
                arn
                for arn in self._definitions.active()
                if arn.rpartition("/")[2].startswith(prefix)
            ],
            "images": {
                name: images
                for name, images in self._images.left().items()
                if name.startswith(prefix)
            },
            "one_off": [each for each in self._tasks.running_once() if each.startswith(prefix)],
        }

    def running(self, name: str) -> Json:
        """Whether a service is ACTIVE with a task that runs, and can be found by its name."""
        now = self._clock.now()
        found: list[Any] = [
            task
            for service in self._services.every()
            if service.name == name and service.status(now) == "ACTIVE"
            for task in service.tasks
            if task.status(now) == "RUNNING"
        ]
        ids = [each.id for each in self._cloudmap.names() if each.name == name]
        instances = [instance for each in ids for instance in self._cloudmap.instances(each, now)]
        return {"tasks": len(found), "instances": len(instances)}

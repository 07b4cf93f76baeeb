"""ECS's rules about task definitions."""

import threading
from collections.abc import Callable

from . import syntax
from .call import Call, Json, Refusal, Reply
from .timing import Clock
from .upstream import Upstream

Handlers = dict[str, Callable[[Call], Reply]]


class Definitions:
    def __init__(self, clock: Clock, upstream: Upstream) -> None:
        self._clock, self._upstream = clock, upstream
        self._registered: dict[str, float] = {}
        self._inactive: set[str] = set()
        self._lock = threading.RLock()

    def handlers(self) -> Handlers:
        return {
            "ecs.RegisterTaskDefinition": self._register,
            "ecs.DeregisterTaskDefinition": self._deregister,
            "ecs.DeleteTaskDefinitions": self._delete,
            "ecs.ListTaskDefinitions": self._list,
        }

    def active(self) -> list[str]:
        """ARNs of the revisions that nobody deregistered."""
        with self._lock:
            return sorted(self._registered.keys() - self._inactive)

    def check_is_active(self, definition: str) -> None:
        """ "You can't use an INACTIVE task definition to run new tasks or create new services":

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html
        """
        if self._revision(definition) in {self._revision(arn) for arn in self._inactive}:
            raise Refusal("ClientException", "TaskDefinition is inactive")

    def _register(self, call: Call) -> Reply:
        syntax.ecs_name("family", call.body["family"])
        with self._lock:
            reply = self._upstream.ask(call)
            if reply.status == 200:
                arn = reply.said["taskDefinition"]["taskDefinitionArn"]
                self._registered[arn] = self._clock.now()
                self._inactive.discard(arn)
            return reply

    def _deregister(self, call: Call) -> Reply:
        with self._lock:
            reply = self._upstream.ask(call)
            if reply.status == 200:
                self._inactive.add(reply.said["taskDefinition"]["taskDefinitionArn"])
            return reply

    def _delete(self, call: Call) -> Reply:
        """Only what was deregistered before is deleted; the rest comes back as failures.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskDefinitions.html
        """
        wanted = call.body["taskDefinitions"]
        syntax.at_most(10, "taskDefinitions", wanted)
        with self._lock:
            early = {self._revision(arn) for arn in self.active()}
            failures = [
                {
                    "arn": each,
                    "reason": "The specified task definition is still in ACTIVE status. "
                    "Please deregister the target and try again.",
                }
                for each in wanted
                if self._revision(each) in early
            ]
            if failures:
                return Reply.of({"taskDefinitions": [], "failures": failures})
            return self._upstream.ask(call)

    def _list(self, call: Call) -> Reply:
        """What was registered a moment ago may not show yet."""
        reply = self._upstream.ask(call)
        if reply.status != 200:
            return reply
        seen = self._clock.seen()
        said: Json = reply.said
        said["taskDefinitionArns"] = [
            arn for arn in said["taskDefinitionArns"] if self._registered.get(arn, 0) <= seen
        ]
        return Reply.of(said)

    @staticmethod
    def _revision(definition: str) -> str:
        """`family:revision`, however it is named."""
        return definition.rpartition("/")[2]

"""What is known of an ECS service and its tasks: each is a function of time, so that a read can
show any moment."""

import copy
from dataclasses import dataclass, field

from .call import Json
from .timing import Timing


@dataclass
class Task:
    """One task, of a service or run once."""

    arn: str
    cluster: str
    definition: str
    created_at: float
    running_at: float
    stopped_at: float | None = None
    #: Of a service: its name, and the Cloud Map service that ECS registers the task in.
    service: str = ""
    registry: str = ""
    started_by: str = ""
    overrides: Json = field(default_factory=dict)
    container: str = ""
    exit_code: int = 0
    tags: list[Json] = field(default_factory=list)

    def status(self, at: float) -> str:
        """Empty before it exists."""
        if at < self.created_at:
            return ""
        if self.stopped_at is not None and at >= self.stopped_at:
            return "STOPPED"
        return "RUNNING" if at >= self.running_at else "PENDING"

    def is_registered(self, at: float, timing: Timing) -> bool:
        """Whether Cloud Map has its instance: some time after it runs, until some after its end.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-discovery.html
        """
        since = self.running_at + timing.registering
        if self.stopped_at is None:
            return at >= since
        return self.stopped_at > since and since <= at < self.stopped_at + timing.deregistering

    def stop(self, at: float) -> None:
        if self.stopped_at is None or self.stopped_at > at:
            self.stopped_at = at

    def description(self, at: float, *, with_tags: bool = False) -> Json:
        status = self.status(at)
        container: Json = {"name": self.container, "lastStatus": status}
        if status == "STOPPED" and not self.service:
            container["exitCode"] = self.exit_code
        said: Json = {
            "taskArn": self.arn,
            "clusterArn": f"{self.arn.rpartition(':task/')[0]}:cluster/{self.cluster}",
            "taskDefinitionArn": self.definition,
            "lastStatus": status,
            "desiredStatus": "STOPPED" if self.stopped_at is not None else "RUNNING",
            "startedBy": self.started_by,
            "group": f"service:{self.service}" if self.service else "family:one-off",
            "containers": [container],
            "overrides": self.overrides,
        }
        if with_tags:
            said["tags"] = self.tags
        if status == "STOPPED":
            said |= {"stoppedReason": "Scaling activity initiated by deployment"}
            said |= {"stopCode": "ServiceSchedulerInitiated" if self.service else "UserInitiated"}
        return said


@dataclass
class Service:
    cluster: str
    name: str
    request: Json
    description: Json
    created_at: float
    timing: Timing
    tasks: list[Task] = field(default_factory=list)
    deleted_at: float | None = None

    @property
    def registry(self) -> str:
        """The id of its Cloud Map service."""
        registries = self.request.get("serviceRegistries") or [{}]
        return str(registries[0].get("registryArn", "")).rpartition("/")[2]

    def status(self, at: float) -> str:
        """ACTIVE → DRAINING → INACTIVE → MISSING; MISSING, too, before it exists.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
        """
        if at < self.created_at:
            return "MISSING"
        if self.deleted_at is None or at < self.deleted_at:
            return "ACTIVE"
        gone_for = at - self.deleted_at
        if gone_for < self.timing.draining:
            return "DRAINING"
        return "INACTIVE" if gone_for < self.timing.draining + self.timing.inactive else "MISSING"

    def delete(self, at: float) -> None:
        self.deleted_at = at
        for task in self.tasks:
            task.stop(at + 0.8 * self.timing.draining)

    def shown(self, at: float, *, with_tags: bool = False) -> Json:
        """DescribeServices's words for it at that moment; tags only where they are asked for.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html#ECS-DescribeServices-request-include
        """
        said = copy.deepcopy(self.description)
        said["tags"] = self.request.get("tags", []) if with_tags else []
        status = self.status(at)
        desired = 0 if status != "ACTIVE" else said.get("desiredCount", 0)
        states = [task.status(at) for task in self.tasks]
        counts = {
            "desiredCount": desired,
            "runningCount": states.count("RUNNING"),
            "pendingCount": states.count("PENDING"),
        }
        said |= {"status": status, "events": self._events(at), **counts}
        if status == "INACTIVE":
            said["deployments"] = []
        for deployment in said["deployments"]:
            state = "COMPLETED" if self._is_complete(at) else "IN_PROGRESS"
            deployment |= {"rolloutState": state, "rolloutStateReason": "", **counts}
        return said

    def _is_complete(self, at: float) -> bool:
        current = [task for task in self.tasks if task.stopped_at is None]
        wanted = int(self.description.get("desiredCount", 0))
        running = [task for task in current if at >= task.running_at + self.timing.completing]
        return len(running) >= wanted

    def _events(self, at: float) -> list[Json]:
        """Newest first, as ECS tells them."""
        told = [
            {
                "id": task.arn,
                "createdAt": 0,
                "message": f"(service {self.name}) has started 1 tasks: (task {task.arn}).",
            }
            for task in self.tasks
            if task.created_at <= at
        ]
        return told[::-1]

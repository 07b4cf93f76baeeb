"""Registers ECS's running tasks in Cloud Map and takes the stopped ones out.

Level-triggered: every step compares what runs with what is registered, so a restart of
the emulator or of the agent itself needs no history. A step costs one ListTasks when
nothing has changed; tasks are described only until they run.
"""

import logging
import time
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.discovery.registrations import (
    Registration,
    Service,
    Task,
    is_left_over,
    is_settled,
    registrations,
    service_name,
    task_id,
)

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_servicediscovery import ServiceDiscoveryClient

STEP = 0.15  # seconds between steps; a change is visible within two of them
AFTER_ERROR = 0.5  # seconds; the emulator is restarting
SWEEP_EVERY = 60.0  # seconds between comparisons with all that Cloud Map holds
DESCRIBE_TASKS = 100  # most tasks a call, ECS's limit

log = logging.getLogger(__name__)


class Agent:
    """Keeps the Cloud Map services of one cluster in step with its tasks."""

    def __init__(self, ecs: "ECSClient", cloud_map: "ServiceDiscoveryClient", cluster: str) -> None:
        self.ecs = ecs
        self.cloud_map = cloud_map
        self.cluster = cluster
        self.settled: dict[str, list[Registration]] = {}  # by task ARN

    def run(self) -> None:
        """Never returns; calls that fail are repeated from a clean slate."""
        swept = float("-inf")
        while True:
            try:
                self.step()
                if time.monotonic() - swept > SWEEP_EVERY:
                    self.sweep()
                    swept = time.monotonic()
                time.sleep(STEP)
            except (BotoCoreError, ClientError) as error:
                log.warning("starting over: %s", error)
                self.settled.clear()
                swept = float("-inf")
                time.sleep(AFTER_ERROR)

    def catch_up(self) -> None:
        """Returns when nothing is registered that does not run.

        Before that nobody may be answered: an address that a stopped task had may belong to
        another branch's task by now.
        """
        while True:
            try:
                self.sweep()
                return
            except (BotoCoreError, ClientError) as error:
                log.warning("not caught up yet: %s", error)
                time.sleep(AFTER_ERROR)

    def step(self) -> None:
        """Brings Cloud Map to what ECS says now."""
        running = set(self._running())
        for arn in self.settled.keys() - running:
            self._deregister(self.settled.pop(arn))
        for task in self._tasks(sorted(running - self.settled.keys())):
            if not is_settled(task):
                continue
            service = self._service(task)
            wanted = list(registrations(task, service)) if service else []
            self._register(wanted)
            self.settled[task["taskArn"]] = wanted

    def sweep(self) -> None:
        """Takes out instances of tasks that stopped while nobody watched."""
        running = {task_id(arn) for arn in self._running()}
        for registry in self._registries():
            for instance in self._instances(registry):
                if is_left_over(instance, self.cluster, running):
                    self._deregister([Registration(registry, instance["Id"], {})])

    def _running(self) -> Iterator[str]:
        for page in self.ecs.get_paginator("list_tasks").paginate(cluster=self.cluster):
            yield from page["taskArns"]

    def _tasks(self, arns: list[str]) -> Iterator[Task]:
        for batch in _batches(arns, DESCRIBE_TASKS):
            yield from self.ecs.describe_tasks(cluster=self.cluster, tasks=batch)["tasks"]

    def _service(self, task: Task) -> Service | None:
        name = service_name(task)
        if name is None:
            return None
        found = self.ecs.describe_services(cluster=self.cluster, services=[name])["services"]
        return found[0] if found else None

    def _registries(self) -> Iterator[str]:
        for page in self.cloud_map.get_paginator("list_services").paginate():
            for service in page["Services"]:
                yield service["Id"]

    def _instances(self, registry: str) -> Iterator[Task]:
        paginator = self.cloud_map.get_paginator("list_instances")
        for page in paginator.paginate(ServiceId=registry):
            yield from page["Instances"]

    def _register(self, wanted: Collection[Registration]) -> None:
        for one in wanted:
            self.cloud_map.register_instance(
                ServiceId=one.registry, InstanceId=one.instance, Attributes=dict(one.attributes)
            )
            log.info("registered %s in %s", one.attributes["AWS_INSTANCE_IPV4"], one.registry)

    def _deregister(self, stale: Collection[Registration]) -> None:
        for one in stale:
            try:
                self.cloud_map.deregister_instance(ServiceId=one.registry, InstanceId=one.instance)
            except (
                self.cloud_map.exceptions.ServiceNotFound,
                self.cloud_map.exceptions.InstanceNotFound,
            ):
                continue  # its service was deleted, and the registration with it
            log.info("deregistered %s from %s", one.instance, one.registry)


def _batches(items: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]

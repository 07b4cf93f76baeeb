"""The start of a task: its containers one after another, as their dependencies allow.

Takes the place of MiniStack's _start_task_worker, which starts all of them at once, each with
a network interface of its own. Runs in the task's own thread; what it raises becomes the
reason why the task has stopped.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ministack.core import container_reaper
from ministack.core.concurrency import resource_lock
from ministack.services import ecs, ecs_metadata

from sandbox.emulator import (
    containers,
    ending,
    look,
    order,
    output,
    pause,
    states,
    volumes,
    watch,
)

POLL = 0.2  # seconds between two looks at containers that others wait for
OVERRIDABLE = ("command", "cpu", "memory", "memoryReservation")
FIRST = "host.docker.internal"  # what MiniStack calls this machine in the environment

Definition = dict[str, Any]


def start(
    task: dict[str, Any], definition: Definition, overrides: Sequence[Definition], docker: Any
) -> None:
    arn = task["taskArn"]
    if ecs._mark_task_pending(arn, task) and ecs._mark_task_activating(arn, task):
        try:
            Launch(task, definition, overrides, docker).run()
        finally:
            if not ecs._task_is_active(arn, task):
                ending.remove_late_comers(task, docker)


class Launch:
    """One task on its way up."""

    def __init__(
        self,
        task: dict[str, Any],
        definition: Definition,
        overrides: Sequence[Definition],
        docker: Any,
    ) -> None:
        self.task, self.definition, self.docker = task, definition, docker
        self.id = task["taskArn"].rpartition("/")[2]
        self.overrides = {each["name"]: each for each in overrides}
        self.definitions: list[Definition] = definition.get("containerDefinitions", [])
        self.records = {each["name"]: each for each in task["containers"]}
        self.network: dict[str, Any] = {}  # Docker's arguments, the same for every container

    def run(self) -> None:
        waves = order.stop_waves(self.definitions)
        for each in self.definitions:
            states.prepare(self.records[each["name"]], each, waves[each["name"]])
        self.environments = {each["name"]: self._environment(each) for each in self.definitions}
        self.deployment = ecs._prepare_service_images(self.task, self.definition, self.docker)
        self.sources = volumes.create(self.task, self.definition, self.docker)
        self._make_network()
        while waiting := [each for each in self.definitions if not self._has_started(each)]:
            look.refresh(self.task, self.docker)
            if not self._is_active() or watch.end_if_over(self.task, self.docker):
                return
            if not any(self._advance(each) for each in waiting):
                time.sleep(POLL)
        ecs._mark_task_running(self.task["taskArn"], self.task)

    def _environment(self, definition: Definition) -> dict[str, str]:
        override = self.overrides.get(definition["name"], {})
        values = {each["name"]: each["value"] for each in definition.get("environment", ())}
        values |= ecs._resolve_container_secrets(definition)
        return values | {each["name"]: each["value"] for each in override.get("environment", ())}

    def _make_network(self) -> None:
        """Previews' names stand for this machine; awsvpc gives all containers one interface."""
        names = [FIRST, *containers.local_names(list(self.environments.values()))]
        self.network = {"extra_hosts": dict.fromkeys(names, "host-gateway")}
        if self.definition.get("networkMode") == "awsvpc" and len(self.definitions) > 1:
            owner = self.docker.containers.run(
                pause.ensure_image(self.docker),
                detach=True,
                name=f"ministack-ecs-{self.id[:8]}.pause",
                labels={
                    **container_reaper.own_labels("ecs"),
                    "com.amazonaws.ecs.task-arn": self.task["taskArn"],
                },
                **self.network,
            )
            self.task.setdefault("_docker_ids", []).append(owner.id)
            ecs._record_task_ip(self.task, owner, None)
            # Such a container has the owner's /etc/hosts, and may not be given names itself.
            self.network = {"network_mode": f"container:{owner.id}"}

    def _has_started(self, definition: Definition) -> bool:
        return states.has_started(self.records[definition["name"]])

    def _is_active(self) -> bool:
        with resource_lock("ecs-task", self.task["taskArn"]):
            return bool(ecs._task_is_active(self.task["taskArn"], self.task))

    def _advance(self, definition: Definition) -> bool:
        """Whether there was something to be done for the container."""
        seen = states.seen(self.task["containers"])
        blocked = order.blocked(definition, self.definitions, seen)
        if blocked is None:
            self._start(definition)
        elif blocked.forever:
            states.refuse(self.records[definition["name"]], blocked.reason)
        return blocked is None or blocked.forever

    def _start(self, definition: Definition) -> None:
        override = self.overrides.get(definition["name"], {})
        changed = {key: override[key] for key in OVERRIDABLE if key in override}
        effective = {**definition, **changed, **self._image(definition)}
        token = self._register_metadata(effective)
        container = ecs._run_docker_container(
            self.docker, effective, self._arguments(effective), **self._pull(definition)
        )
        self._attach(self.records[definition["name"]], container)
        ecs_metadata.set_docker_id(token, container.id)
        ecs_metadata.set_container_status(token, "RUNNING")
        output.forward(container, effective, self.id)

    def _image(self, definition: Definition) -> dict[str, str]:
        """A service's deployment has all its tasks run the image that the first one resolved."""
        digests = (self.deployment or {}).get("_image_digests", {})
        digest = definition["image"].partition("@")[2] or digests.get(definition["name"])
        if not self.deployment or not digest:
            return {}
        self.records[definition["name"]]["imageDigest"] = digest
        return {"image": f"{ecs._image_repository(definition['image'])}@{digest}"}

    def _pull(self, definition: Definition) -> dict[str, Any]:
        if not self.deployment:
            return {}
        resolved = self.task.get("_image_resolution_containers", ())
        has_tag = "@" not in definition["image"]
        is_resolved = has_tag and "imageDigest" in self.records[definition["name"]]
        return {
            "refresh_image": True,
            "cache_image": definition["image"]
            if is_resolved and definition["name"] in resolved
            else None,
            "fallback_image": definition["image"] if is_resolved else None,
            "auth_config": ecs._resolve_repository_credentials(definition),
        }

    def _register_metadata(self, definition: Definition) -> str:
        token: str = ecs._register_metadata(
            self.task["taskArn"],
            self.task["clusterArn"],
            self.definition,
            definition,
            self.task.get("launchType", "EC2"),
            self.environments[definition["name"]],
            self.definition.get("networkMode") == "host",
            None,
        )
        self.task.setdefault("_metadata_tokens", []).append(token)
        return token

    def _arguments(self, definition: Definition) -> dict[str, Any]:
        """Docker's: MiniStack's own, and what it leaves out."""
        mode = self.definition.get("networkMode")
        ports = {
            f"{each['containerPort']}/tcp": each.get("hostPort", each["containerPort"])
            for each in definition.get("portMappings", ())
            if mode != "awsvpc"
        }
        found: dict[str, Any] = ecs._build_run_kwargs(
            definition,
            self.definition,
            self.environments[definition["name"]],
            ports,
            None,
            mode == "host",
            self.id,
            self.task["taskArn"],
            None,
            self.task["clusterArn"],
        )
        for name in ("network", "extra_hosts"):
            found.pop(name, None)
        labels: Mapping[str, str] = definition.get("dockerLabels") or {}
        return {
            **found,
            **containers.options(definition, self.definition.get("memory")),
            **self.network,
            "labels": {**labels, **found["labels"]},
            "volumes": containers.mounts(definition, self.sources),
            "volumes_from": [
                self._volumes_from(each) for each in definition.get("volumesFrom", ())
            ],
        }

    def _volumes_from(self, definition: Definition) -> list[str]:
        return [
            f"{self.records[each['sourceContainer']]['_docker_id']}:"
            f"{'ro' if each.get('readOnly') else 'rw'}"
            for each in definition.get("volumesFrom", ())
        ]

    def _attach(self, record: dict[str, Any], container: Any) -> None:
        with resource_lock("ecs-task", self.task["taskArn"]):
            self.task.setdefault("_docker_ids", []).append(container.id)
            record |= {"runtimeId": container.id[:12], "lastStatus": "RUNNING"}
            record |= {"_docker_id": container.id, "_started_at": time.time()}
        ecs._record_task_ip(self.task, container, None)
        record["networkInterfaces"] = [
            {"attachmentId": each["id"], "privateIpv4Address": ecs._task_ip(self.task)}
            for each in self.task["attachments"]
        ]


def install() -> None:
    ecs._start_task_worker = start

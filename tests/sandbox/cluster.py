"""A cluster whose tasks really run, for tests that say what a task is to do."""

import subprocess
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sandbox import base_image, cloud
from tests.sandbox.emulator import Emulator

IMAGE = base_image.NAME
_families = count()


def container(name: str, script: str, **definition: Any) -> dict[str, Any]:
    """A container definition that runs a shell script."""
    return {"name": name, "image": IMAGE, "command": ["sh", "-c", script], **definition}


def after(name: str, condition: str) -> list[dict[str, str]]:
    return [{"containerName": name, "condition": condition}]


@dataclass
class Cluster:
    """ECS of one emulator."""

    emulator: Emulator
    ecs: Any
    logs: Any
    account: cloud.Cloud
    started: list[str] = field(default_factory=list)

    def define(self, *containers: dict[str, Any], **task: Any) -> str:
        """Registers a task definition of awsvpc; the value is its ARN."""
        definition = {
            "family": f"test-{next(_families)}",
            "networkMode": "awsvpc",
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": list(containers),
            **task,
        }
        registered = self.ecs.register_task_definition(**definition)
        return str(registered["taskDefinition"]["taskDefinitionArn"])

    def run(self, *containers: dict[str, Any], **task: Any) -> str:
        return self.run_task(self.define(*containers, **task))

    def run_task(self, definition: str, **request: Any) -> str:
        answer = self.ecs.run_task(cluster=cloud.CLUSTER, taskDefinition=definition, **request)
        return str(answer["tasks"][0]["taskArn"])

    def task(self, arn: str) -> dict[str, Any]:
        found = self.ecs.describe_tasks(cluster=cloud.CLUSTER, tasks=[arn])["tasks"]
        return dict(found[0])

    def until(self, arn: str, status: str, seconds: float = 30) -> dict[str, Any]:
        """The task when it has come to a status; fails where it stops instead."""
        deadline = time.monotonic() + seconds
        while (task := self.task(arn))["lastStatus"] != status:
            assert task["lastStatus"] != "STOPPED", task
            assert time.monotonic() < deadline, task
            time.sleep(0.1)
        return task

    def stopped(self, *containers: dict[str, Any], **task: Any) -> dict[str, Any]:
        """The task that the containers make, when it is over."""
        return self.until(self.run(*containers, **task), "STOPPED")

    def exit_codes(self, task: dict[str, Any]) -> dict[str, int | None]:
        return {each["name"]: each.get("exitCode") for each in task["containers"]}

    def address(self, task: dict[str, Any]) -> str:
        [attachment] = task["attachments"]
        [address] = [
            each["value"] for each in attachment["details"] if each["name"] == "privateIPv4Address"
        ]
        return str(address)

    def inside(self, arn: str, name: str, *command: str) -> str:
        """What a command says in a container of a running task."""
        return docker("exec", self.docker_id(arn, name), *command)

    def docker_id(self, arn: str, name: str) -> str:
        [found] = [each for each in self.task(arn)["containers"] if each["name"] == name]
        return str(found["runtimeId"])


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout

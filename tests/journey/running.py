"""A running Edaha: started by its own command, used from outside only."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import httpx

from tests import github

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 300
SECRET = "a secret of the journey"


class Running:
    """`bin/up` in a folder and on ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = data = folder / "data"
        self.port, self.router_port, self.aws_port = _free_ports(3)
        self.environment = os.environ | {
            "EDAHA_DATA": str(data),
            "EDAHA_PORT": str(self.port),
            "EDAHA_ROUTER_PORT": str(self.router_port),
            "EDAHA_AWS_PORT": str(self.aws_port),
        }
        # What a test run sets for itself must not reach the product.
        for name in ("EDAHA_SECRET_KEY", "EDAHA_REDIS_URL", "EDAHA_DATABASE_URL", "EDAHA_SUBNETS"):
            self.environment.pop(name, None)
        self.output = folder / "up.out"
        self.http = httpx.Client(trust_env=False, timeout=15)
        self._token = ""
        self._aws: dict[str, Any] = {}

    def start(self, *options: str) -> None:
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [ROOT / "bin" / "up", *options],
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        wait_for(self._is_ready, "bin/up to be ready", START_SECONDS)

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"bin/up ended: {self.output.read_text()[-3000:]}")
        return "Ctrl-C" in self.output.read_text()

    def stop(self) -> int:
        """Ctrl-C, and the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=30)

    def close(self) -> None:
        """Stop, and let every connection go; nothing that was started may be left."""
        assert self.stop() == 0, self.output.read_text()[-2000:]
        assert self.containers() == []
        self.http.close()
        for client in self._aws.values():
            client.close()

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [ROOT / "bin" / "manage", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def add_repository(self, full_name: str, clone_url: Path, *options: str) -> None:
        self.manage(
            "repository",
            "add",
            full_name,
            "--clone-url",
            str(clone_url),
            "--webhook-secret",
            SECRET,
            *options,
        )

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def deliver(self, event: str, payload: dict[str, Any], *, guid: str = "") -> httpx.Response:
        """POST a webhook as GitHub would."""
        body = json.dumps(payload).encode()
        return self.http.post(
            f"{self.url}/webhooks/github",
            content=body,
            headers=github.headers(event, body, SECRET, guid=guid),
        )

    def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        if not self._token:
            self._token = self.manage("token", "create", "journey", "--role", "deployer")
        headers = {"Authorization": f"Bearer {self._token}"}
        return self.http.request(method, f"{self.url}/api/v1{path}", headers=headers, **options)

    def branch(self, full_name: str, name: str) -> dict[str, Any] | None:
        answer = self.api("GET", "/branches", params={"repository": full_name})
        answer.raise_for_status()
        branches: list[dict[str, Any]] = answer.json()
        return next((branch for branch in branches if branch["name"] == name), None)

    def wait_for_branch(
        self, full_name: str, name: str, state: str, *, commit: str = "", seconds: float = 90
    ) -> dict[str, Any]:
        """Until the branch is in `state`, with the deployment of `commit` if one is given."""
        seen: dict[str, Any] | None = None

        def reached() -> bool:
            nonlocal seen
            seen = self.branch(full_name, name)
            newest = (seen or {}).get("deployment") or {}
            matches = not commit or newest.get("commit") == commit
            return bool(seen and seen["state"] == state and matches)

        wait_for(reached, f"{name} to be {state}", seconds, lambda: json.dumps(seen))
        assert seen is not None
        return seen

    def log(self, deployment_id: int) -> str:
        return self.api("GET", f"/deployments/{deployment_id}/log").text

    def preview(self, slug: str, path: str = "/", **options: Any) -> httpx.Response:
        """Ask a preview as a browser would, by its host name."""
        headers = {"Host": f"{slug}.localhost:{self.router_port}"} | options.pop("headers", {})
        return self.http.get(
            f"http://127.0.0.1:{self.router_port}{path}", headers=headers, **options
        )

    def aws(self, service: str) -> Any:
        """A client of the emulator, as an operator would look at the account."""
        if service not in self._aws:
            session: Any = boto3.Session("test", "test", region_name="us-east-1")
            url = f"http://127.0.0.1:{self.aws_port}"
            self._aws[service] = session.client(service, endpoint_url=url)
        return self._aws[service]

    def containers(self) -> list[str]:
        """Containers, running or not, that the emulator started for this instance."""
        template = '{{.Names}} {{.Label "ministack.instance"}}'
        listed = subprocess.run(
            ["docker", "ps", "--all", "--format", template],
            capture_output=True,
            text=True,
            check=True,
        )
        lines = [line.rpartition(":") for line in listed.stdout.splitlines()]
        return [name for name, _, port in lines if port == str(self.aws_port)]

    def left_in_aws(self) -> dict[str, list[str]]:
        """Whatever of previews can still be found."""
        ecs, discovery, ecr = self.aws("ecs"), self.aws("servicediscovery"), self.aws("ecr")
        images = [
            f"{repository['repositoryName']}:{image.get('imageTag', image.get('imageDigest'))}"
            for repository in ecr.describe_repositories()["repositories"]
            for image in ecr.list_images(repositoryName=repository["repositoryName"])["imageIds"]
        ]
        return {
            "services": ecs.list_services(cluster="edaha")["serviceArns"],
            "tasks": ecs.list_tasks(cluster="edaha")["taskArns"],
            "active definitions": ecs.list_task_definitions()["taskDefinitionArns"],
            "inactive definitions": ecs.list_task_definitions(status="INACTIVE")[
                "taskDefinitionArns"
            ],
            "discovery": [each["Name"] for each in discovery.list_services()["Services"]],
            "images": images,
            "worktrees": [
                str(path)
                for path in self.data.glob("cache/repositories/*/worktrees/*")
                if path.is_dir()
            ],
        }


def wait_for(
    condition: Callable[[], bool],
    what: str,
    seconds: float,
    detail: Callable[[], str] = lambda: "",
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}: {detail()}")
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports

"""All of Edaha on the sandbox, with an AWS that is as slow as the real one."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from sandbox import base_image, claim, cloud, engine, processes, readiness
from sandbox.instance import ROOT, Instance, StartError
from sandbox.supervise import Supervisor
from sandbox.virtualenv import EMULATOR, SetupError, ensure

from .network import free_port
from .report import NotMeasured
from .slow_aws import SlowAWS, slow_aws

SECRET = "only for this measurement"
FULL_NAME = "acme/shop"
_FINAL = {"live", "failed"}


@dataclass
class Stack:
    instance: Instance
    values: dict[str, str]
    aws: SlowAWS
    http: httpx.Client
    token: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.instance.port}"

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "manage.py", *arguments],
            cwd=ROOT,
            env=processes.inherited() | self.values,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise NotMeasured(f"manage {arguments[0]}: {done.stderr.strip().splitlines()[-1:]}")
        return done.stdout.strip()

    def push(self, branch: str, commit: str) -> float:
        """Tell of a push as GitHub does; when that began."""
        repository = {"id": 1, "full_name": FULL_NAME, "name": "shop", "owner": {"login": "acme"}}
        payload = {
            "ref": f"refs/heads/{branch}",
            "before": "0" * 40,
            "after": commit,
            "created": False,
            "deleted": False,
            "head_commit": {"id": commit, "message": "Change"},
            "repository": repository,
            "sender": {"login": "developer"},
        }
        body = json.dumps(payload).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Delivery": str(uuid.uuid4()),
            "X-GitHub-Event": "push",
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        began = time.time()
        answer = self.http.post(f"{self.url}/webhooks/github", content=body, headers=headers)
        if answer.status_code != 202:
            raise NotMeasured(f"the webhook answered {answer.status_code}: {answer.text}")
        return began

    def api(self, method: str, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.http.request(method, f"{self.url}/api/v1{path}", headers=headers)
        answer.raise_for_status()
        return answer.json()

    def deployed(self, commit: str, *, newer_than: int = 0) -> dict[str, Any]:
        """The finished deployment of `commit`, once nothing else is under way."""
        found: dict[str, Any] = {}

        def is_done() -> bool:
            for branch in self.api("GET", f"/branches?repository={FULL_NAME}"):
                newest = branch["deployment"] or {}
                if newest.get("commit") == commit and newest["id"] > newer_than:
                    found.update(newest)
            return found.get("state") in _FINAL

        wait_until(is_done, f"{commit[:7]} to be deployed", 120)
        if found["state"] == "failed":
            raise NotMeasured(f"the deployment failed: {found['error']}")
        self.settle()
        return found

    def settle(self, quiet: float = 1.5) -> None:
        """Until AWS has not been asked for a while: what was replaced is gone."""
        wait_until(
            lambda: not self.aws.calls or time.time() - self.aws.calls[-1].ended > quiet,
            "AWS calls to end",
            120,
        )


@contextmanager
def edaha(repository: Path) -> Iterator[Stack]:
    """A running Edaha that knows `repository` as acme/shop, every branch of which is deployed."""
    try:
        with _running() as stack:
            stack.manage(
                *("repository", "add", FULL_NAME, "--clone-url", str(repository)),
                *("--webhook-secret", SECRET, "--policy", "all"),
            )
            stack.token = stack.manage("token", "create", "bench", "--role", "deployer")
            yield stack
    except (StartError, SetupError) as why:
        raise NotMeasured(str(why)) from None


@contextmanager
def _running() -> Iterator[Stack]:
    docker = engine.Engine()
    with ExitStack() as end:
        data = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="edaha-bench-")))
        instance = Instance(data / "data", free_port(), free_port(), free_port())
        ensure(EMULATOR, ROOT / "sandbox/requirements.txt")
        end.enter_context(claim.data(instance))
        end.enter_context(engine.shared(docker, instance.logs / "dockerd.log", lambda _: None))
        base_image.ensure()
        end.callback(engine.remove_images, docker, f"127.0.0.1:{instance.aws_port}")
        end.callback(claim.clean_up, instance, docker)
        supervisor = Supervisor(instance)
        end.callback(supervisor.stop)
        stores = processes.stores(instance)
        supervisor.start(stores)
        readiness.wait(instance, supervisor, [one.name for one in stores])
        direct = processes.environment(instance, cloud.prepare(instance))
        address, aws = end.enter_context(slow_aws(instance.aws_url))
        # What was replaced goes at once, and not in the middle of a later round.
        values = direct | {"AWS_ENDPOINT_URL": address, "EDAHA_DRAIN_SECONDS": "0"}
        client = end.enter_context(httpx.Client(trust_env=False, timeout=30))
        stack = Stack(instance, values, aws, client)
        stack.manage("migrate", "--verbosity", "0")
        processes.write_router_config(instance, values, None)
        # Real ECS registers tasks by itself, at no cost to anybody's calls.
        rest = [
            replace(one, environment=direct | {"EDAHA_DNS_PORT": str(instance.dns_port)})
            if one.name == "discovery"
            else one
            for one in processes.edaha(instance, values)
        ]
        supervisor.add([*stores, *rest])
        readiness.wait(instance, supervisor, [one.name for one in rest])
        yield stack


def wait_until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotMeasured(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.02)


def forget_surroundings() -> None:
    """No setting and no account of whoever runs this may reach what is measured."""
    for name in [name for name in os.environ if name.startswith(("EDAHA_", "AWS_"))]:
        del os.environ[name]

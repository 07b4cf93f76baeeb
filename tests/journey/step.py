"""One of the guide's examples as a repository whose pull requests get previews."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests import github

from .application import Application
from .running import ROOT, Running

Files = Mapping[str, str | None]
EXAMPLES = sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_dir())


def branch_of(example: str) -> str:
    """The branch that shows an example as it is."""
    return f"cart-{example[0]}"


class Step:
    def __init__(self, running: Running, folder: Path, *options: str, name: str = "") -> None:
        """`folder` has the example's name, and is made."""
        self.running = running
        self.full_name = name or f"examples/{folder.name}"
        shutil.copytree(ROOT / "examples" / folder.name, folder)
        self.application = Application(folder, files={})
        running.add_repository(self.full_name, folder, "--startup-seconds", "40", *options)
        self._opened: dict[str, int] = {}
        self._count = 0

    def open(self, branch: str, files: Files | None = None) -> str:
        """A branch off main with these changes, and a pull request for it; the commit."""
        commit = self.application.branch(branch, files or {})
        return self.announce(branch, commit)

    def announce(self, branch: str, commit: str) -> str:
        self._count += 1
        number = self._opened[branch] = self._count
        payload = github.pull_request("opened", self.full_name, branch, commit, number=number)
        assert self.running.deliver("pull_request", payload).status_code == 202
        return commit

    def push(self, branch: str, files: Files) -> str:
        self.application.checkout(branch)
        commit = self.application.commit(files)
        answer = self.running.deliver("push", github.push(self.full_name, branch, commit))
        assert answer.status_code == 202
        return commit

    def read(self, branch: str, file: str) -> str:
        """A file as the branch has it; the branch is checked out then."""
        self.application.checkout(branch)
        return (self.application.path / file).read_text()

    def wait(self, branch: str, state: str = "live", commit: str = "") -> dict[str, Any]:
        return self.running.wait_for_branch(
            self.full_name, branch, state, commit=commit, seconds=120
        )

    def ask(self, branch: str, path: str = "/", *, service: str = "") -> httpx.Response:
        """What a visitor gets of the branch, or of one of its services."""
        seen = self.running.branch(self.full_name, branch)
        assert seen is not None
        slug = seen["slug"]
        return self.running.preview(f"{service}--{slug}" if service else slug, path)

    def definitions(self, branch: dict[str, Any]) -> list[dict[str, Any]]:
        """What ECS was told of each service, as the API shows it."""
        answer = self.running.api("GET", f"/deployments/{branch['deployment']['id']}/definitions")
        told: list[dict[str, Any]] = answer.raise_for_status().json()
        return told

    def log(self, branch: dict[str, Any]) -> str:
        return self.running.log(branch["deployment"]["id"])

    def containers(self, branch: dict[str, Any]) -> list[dict[str, Any]]:
        """The containers of the tasks that run for the branch, as ECS describes them."""
        ecs = self.running.aws("ecs")
        arns = ecs.list_tasks(cluster="edaha")["taskArns"]
        tasks = ecs.describe_tasks(cluster="edaha", tasks=arns)["tasks"] if arns else []
        return [
            container
            for task in tasks
            if f"-{branch['slug']}-" in task["group"]
            for container in task["containers"]
        ]

    def services(self, branch: dict[str, Any]) -> list[dict[str, Any]]:
        """The branch's ECS services, as ECS describes them."""
        ecs = self.running.aws("ecs")
        arns = ecs.list_services(cluster="edaha")["serviceArns"]
        mine = [arn for arn in arns if f"-{branch['slug']}-" in arn]
        if not mine:
            return []
        found: list[dict[str, Any]] = ecs.describe_services(cluster="edaha", services=mine)[
            "services"
        ]
        return found

    def service(self, branch: dict[str, Any]) -> dict[str, Any]:
        """The branch's newest ECS service."""
        return max(self.services(branch), key=lambda service: service["createdAt"])

    def close(self, branch: str) -> None:
        number = self._opened.pop(branch)
        payload = github.pull_request("closed", self.full_name, branch, "0" * 40, number=number)
        assert self.running.deliver("pull_request", payload).status_code == 202

    def close_all(self) -> None:
        """Close every pull request, and wait for the end of all."""
        branches = list(self._opened)
        for branch in branches:
            self.close(branch)
        for branch in branches:
            self.wait(branch, "destroyed")


def index_of(running: Running, reference: str) -> str:
    """What the registry has at `registry/name@digest`."""
    name, _, digest = reference.partition("/")[2].partition("@")
    answer = running.http.get(
        f"http://127.0.0.1:{running.aws_port}/v2/{name}/manifests/{digest}",
        headers={"Accept": "application/vnd.oci.image.index.v1+json"},
    )
    return answer.raise_for_status().text

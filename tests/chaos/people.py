"""People at the page: they redeploy and destroy, and may get no answer."""

import random
import threading
from collections import Counter
from typing import Any

import httpx

from .options import Options
from .stack import Stack
from .workload import Project


class People(threading.Thread):
    def __init__(self, options: Options, made: Stack) -> None:
        super().__init__(name="people", daemon=True)
        headers = {"Authorization": f"Bearer {made.token}"}
        address = f"{made.url}/api/v1"
        self._http = httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=10)
        self._options, self._projects = options, made.projects
        self._random = random.Random(options.seed + 3)
        self._is_over = threading.Event()
        self.counts: Counter[str] = Counter()

    def run(self) -> None:
        while not self._is_over.wait(self._random.expovariate(self._options.clicks)):
            self._click(self._random.choice(self._projects))

    def end(self) -> None:
        self._is_over.set()
        self.join()

    def _click(self, project: Project) -> None:
        """Somebody redeploys a branch, or destroys one."""
        try:
            branches = self.branches(project)
            if not branches:
                return
            branch = self._random.choice(branches)
            # Noted first: without an answer nobody knows what becomes of it.
            project.clicked.add(branch["name"])
            if self._random.random() < 0.6:
                self.redeploy(branch)
            else:
                self.destroy(branch)
        except httpx.HTTPError:
            self.counts["clicks without an answer"] += 1

    def branches(self, project: Project) -> list[dict[str, Any]]:
        answer = self._http.get("/branches", params={"repository": project.full_name})
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    def redeploy(self, branch: dict[str, Any]) -> None:
        self._http.post(f"/branches/{branch['id']}/deployments").raise_for_status()
        self.counts["redeployed"] += 1

    def destroy(self, branch: dict[str, Any]) -> None:
        self._http.delete(f"/branches/{branch['id']}").raise_for_status()
        self.counts["destroyed"] += 1

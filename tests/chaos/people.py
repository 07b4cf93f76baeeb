"""People at the page: they redeploy and destroy, and may get no answer."""

import random
from collections import Counter
from typing import Any

import httpx

from .stack import Stack
from .workload import Project


class People:
    def __init__(self, made: Stack, seed: int) -> None:
        headers = {"Authorization": f"Bearer {made.token}"}
        address = f"{made.url}/api/v1"
        self._http = httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=10)
        self._random = random.Random(seed + 3)
        self.counts: Counter[str] = Counter()

    def click(self, project: Project) -> None:
        """Somebody redeploys a branch, or destroys one."""
        try:
            branches = self.branches(project)
            if not branches:
                return
            branch = self._random.choice(branches)
            if self._random.random() < 0.6:
                self.redeploy(branch)
                # It brings a destroyed one back.
                project.destroyed.discard(branch["name"])
            else:
                # Without an answer nobody knows what became of it.
                project.destroyed.add(branch["name"])
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

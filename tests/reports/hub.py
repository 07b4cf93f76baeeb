"""A small GitHub in this process: what reports need, with answers that get lost."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx

Thing = dict[str, Any]
Answer = tuple[int, Any]
SHOP = "acme/shop"


@dataclass
class Hub:
    """Its objects have the fields that are looked at."""

    me: str = "edaha-bot"
    comments: dict[int, Thing] = field(default_factory=dict)
    deployments: dict[int, Thing] = field(default_factory=dict)
    checks: dict[int, Thing] = field(default_factory=dict)
    statuses: list[Thing] = field(default_factory=list)
    environments: set[str] = field(default_factory=set)
    reactions: list[tuple[int, str]] = field(default_factory=list)
    #: What happens to the next requests: "down", "lost" (done, but not answered), a status.
    trouble: list[str | int] = field(default_factory=list)
    #: What happens to every request.
    weather: str | int = ""
    #: Paths that are refused for good.
    forbidden: re.Pattern[str] | None = None
    calls: list[str] = field(default_factory=list)
    _last: int = 100

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.path).removeprefix(f"/repos/{SHOP}")
        said = f"{request.method} {path}"
        self.calls.append(said)
        trouble = self.weather or (self.trouble.pop(0) if self.trouble else "")
        if trouble == "down":
            raise httpx.ConnectError("no route to host", request=request)
        if isinstance(trouble, int):
            headers = {"Retry-After": "60"} if trouble == 429 else {}
            return httpx.Response(trouble, headers=headers, json={"message": "no"})
        if self.forbidden and self.forbidden.search(said):
            return httpx.Response(403, json={"message": "Resource not accessible"})
        body = json.loads(request.content) if request.content else {}
        status, answer = self._answer(request.method, path, body, request.url.params)
        if trouble == "lost":
            raise httpx.ReadTimeout("the answer was lost", request=request)
        return httpx.Response(status, json=answer) if status != 204 else httpx.Response(204)

    def changes(self) -> list[str]:
        return [call for call in self.calls if not call.startswith("GET")]

    def state_of(self, deployment: int) -> str:
        return str(self.deployments[deployment]["states"][-1]["state"])

    def ours(self) -> list[Thing]:
        return [each for each in self.comments.values() if each["user"]["login"] == self.me]

    def add_comment(self, body: str, login: str, number: int = 5) -> int:
        return int(self._comment(number, {"body": body}, login)["id"])

    def _answer(self, method: str, path: str, body: Thing, params: httpx.QueryParams) -> Answer:
        for pattern, answer in self._doors().items():
            asked, _, shape = pattern.partition(" ")
            if asked == method and (found := re.fullmatch(shape, path)):
                return answer(found, body, params)
        return 404, {"message": f"Not Found: {method} {path}"}

    def _doors(self) -> dict[str, Callable[[re.Match[str], Thing, httpx.QueryParams], Answer]]:
        return {
            r"GET /user": lambda _, __, ___: (200, {"login": self.me}),
            r"GET /issues/(\d+)/comments": self._list_comments,
            r"POST /issues/(\d+)/comments": lambda found, body, _: (
                201,
                self._comment(int(found[1]), body, self.me),
            ),
            r"PATCH /issues/comments/(\d+)": lambda found, body, _: self._edit(
                self.comments, int(found[1]), body
            ),
            r"DELETE /issues/comments/(\d+)": lambda found, _, __: self._drop(
                self.comments, int(found[1])
            ),
            r"POST /issues/comments/(\d+)/reactions": self._react,
            r"GET /deployments": lambda _, __, params: (
                200,
                [d for d in self.deployments.values() if d["task"] == params["task"]],
            ),
            r"POST /deployments": self._deploy,
            r"POST /deployments/(\d+)/statuses": self._set,
            r"DELETE /deployments/(\d+)": self._delete_deployment,
            r"DELETE /environments/(.+)": self._delete_environment,
            r"GET /commits/(\w+)/check-runs": lambda found, _, __: (
                200,
                {"check_runs": [c for c in self.checks.values() if c["head_sha"] == found[1]]},
            ),
            r"POST /check-runs": lambda _, body, __: (201, self._keep(self.checks, body)),
            r"PATCH /check-runs/(\d+)": lambda found, body, _: self._edit(
                self.checks, int(found[1]), body
            ),
            r"POST /statuses/(\w+)": self._status,
        }

    def _keep(self, things: dict[int, Thing], thing: Thing) -> Thing:
        self._last += 1
        things[self._last] = {"id": self._last, **thing}
        return things[self._last]

    def _comment(self, number: int, body: Thing, login: str) -> Thing:
        user = {"login": login, "type": "User"}
        return self._keep(self.comments, {"number": number, "user": user, "body": body["body"]})

    def _list_comments(self, found: re.Match[str], _: Thing, params: httpx.QueryParams) -> Answer:
        rows = [c for c in self.comments.values() if c["number"] == int(found[1])]
        size, page = int(params["per_page"]), int(params["page"])
        return 200, rows[(page - 1) * size : page * size]

    def _edit(self, things: dict[int, Thing], number: int, body: Thing) -> Answer:
        if number not in things:
            return 404, {"message": "Not Found"}
        things[number] |= body
        return 200, things[number]

    def _drop(self, things: dict[int, Thing], number: int) -> Answer:
        return (204, None) if things.pop(number, None) else (404, {"message": "Not Found"})

    def _react(self, found: re.Match[str], body: Thing, _: httpx.QueryParams) -> Answer:
        known = (int(found[1]), body["content"])
        if known not in self.reactions:
            self.reactions.append(known)
        return 201, {"id": 1}

    def _deploy(self, _: re.Match[str], body: Thing, __: httpx.QueryParams) -> Answer:
        self.environments.add(body["environment"])
        return 201, self._keep(self.deployments, {**body, "states": []})

    def _set(self, found: re.Match[str], body: Thing, _: httpx.QueryParams) -> Answer:
        deployment = self.deployments.get(int(found[1]))
        if deployment is None:
            return 404, {"message": "Not Found"}
        deployment["states"].append(body)
        return 201, {"id": 1}

    def _delete_deployment(self, found: re.Match[str], _: Thing, __: httpx.QueryParams) -> Answer:
        deployment = self.deployments.get(int(found[1]))
        if deployment and deployment["states"] and self.state_of(int(found[1])) != "inactive":
            return 422, {"message": "We cannot delete an active deployment"}
        return self._drop(self.deployments, int(found[1]))

    def _delete_environment(self, found: re.Match[str], _: Thing, __: httpx.QueryParams) -> Answer:
        if found[1] not in self.environments:
            return 404, {"message": "Not Found"}
        self.environments.discard(found[1])
        return 204, None

    def _status(self, found: re.Match[str], body: Thing, _: httpx.QueryParams) -> Answer:
        self.statuses.append({"sha": found[1], **body})
        return 201, {"id": len(self.statuses)}

"""A small Edaha that has the two operations for images built elsewhere, and nothing of its own."""

import json
from dataclasses import dataclass, field
from typing import Any

import jwt
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.api.test_workflows import KEY
from tests.dashboard.rows import COMMIT

REGISTRY = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com"
STORE = f"{REGISTRY}/edaha/acme/shop"
DIGEST = "sha256:" + "ab" * 32
URL = "https://feature-x.previews.example.net"
REQUIRED = {"repository", "branch", "commit", "images"}


def an_image(name: str = "shop", **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "repository": STORE,
        "tag": f"feature-x-3f2a1bc-{name}",
        "context": ".",
        "dockerfile": "Dockerfile",
        "target": "",
        "platforms": ["linux/amd64"],
        "args": {},
    } | changes


@dataclass
class Seam:
    """`problems` are answers that come first, one for each request of an operation."""

    address: str
    images: list[dict[str, Any]] = field(default_factory=lambda: [an_image()])
    #: What becomes of the deployment, look by look.
    states: list[str] = field(default_factory=lambda: ["live"])
    ended: dict[str, Any] = field(default_factory=dict)
    problems: list[Response] = field(default_factory=list)
    handed: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    asked: int = 0

    def serve(self, server: HTTPServer) -> None:
        for path, does in {
            "/api/v1/build-plan": self._plan,
            "/api/v1/deployments": self._deploy,
            "/api/v1/deployments/12": self._deployment,
            "/api/v1/branches": self._branches,
        }.items():
            server.expect_request(path).respond_with_handler(self._guarded(does))

    def _guarded(self, does: Any) -> Any:
        def answer(request: Request) -> Response:
            token = request.headers["Authorization"].removeprefix("Bearer ")
            jwt.decode(token, KEY.public_key(), ["RS256"], audience=self.address)
            response: Response = does(request)
            return response

        return answer

    def _plan(self, request: Request) -> Response:
        self.asked += 1
        if self.problems:
            return self.problems.pop(0)
        asked = request.args.to_dict()
        assert request.method == "GET" and set(asked) == REQUIRED - {"images"}
        assert (asked["repository"], asked["commit"]) == ("acme/shop", COMMIT)
        told = {"region": "ap-northeast-1", "registry": REGISTRY, "images": self.images}
        return _json(asked | told)

    def _deploy(self, request: Request) -> Response:
        if self.problems:
            return self.problems.pop(0)
        assert request.method == "POST"
        body = request.get_json()
        assert REQUIRED <= set(body) <= REQUIRED | {"reason", "run_url"}
        assert set(body["images"]) == {each["name"] for each in self.images}
        self.handed.append(body)
        self.keys.append(request.headers.get("Idempotency-Key", ""))
        return _json(self._row("queued"), 202)

    def _deployment(self, request: Request) -> Response:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return _json(self._row(state) | (self.ended if state == "failed" else {}))

    def _branches(self, request: Request) -> Response:
        return _json([{"id": 7, "is_fork": False, "url": URL, "deployment": None}])

    def _row(self, state: str) -> dict[str, Any]:
        told = {"id": 12, "state": state, "commit": COMMIT, "waiting_for": ""}
        return told | {"error": "", "hint": "", "annotations": []}


def refusal(status: int, detail: str, hint: str = "", **headers: str) -> Response:
    """As dashboard/api/problems.py gives it."""
    told = {"title": "", "status": status, "detail": detail, "hint": hint, "errors": []}
    given = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(json.dumps(told), status, given, content_type="application/problem+json")


def _json(told: Any, status: int = 200) -> Response:
    return Response(json.dumps(told), status, content_type="application/json")

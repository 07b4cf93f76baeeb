"""GitHub's REST API: who asks, whether it is allowed, what goes wrong."""

import hashlib
import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt

from .. import rules
from .permissions import NEEDED
from .state import ACTS, Asked, Refused, State

_LIMIT = 5000


@dataclass
class Fault:
    """What goes wrong with the next requests; all of it `times` times."""

    #: Answered instead; 0 for none.
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "Server Error"
    #: The request is done, and the connection cut.
    is_lost: bool = False
    seconds: float = 0.0
    #: Only requests whose operation's name has this in it.
    matching: str = ""
    times: int = 1


@dataclass
class Answered:
    operation: str
    status: int
    body: Any


class Fake:
    """A GitHub; `violations` are requests that GitHub's description does not allow."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.violations: list[str] = []
        self.faults: deque[Fault] = deque()
        self.asked: list[Answered] = []
        self.remaining = _LIMIT
        self.url = ""
        self.lock = threading.Lock()

    def answer(
        self, method: str, target: str, headers: dict[str, str], content: bytes
    ) -> "Response":
        split = urlsplit(target)
        query = dict(parse_qsl(split.query))
        operation = rules.find(method, split.path)
        fault = self._fault(operation.name if operation else "")
        time.sleep(fault.seconds if fault else 0)
        if fault and fault.status:
            return self._finish(fault.status, {"message": fault.message}, dict(fault.headers))
        try:
            if operation is None:
                self.violations.append(f"{method} {split.path} is no operation of GitHub's here")
                raise Refused(404, "Not Found")
            with self.lock:
                status, body = self._do(operation, query, headers, content)
        except Refused as refused:
            name = operation.name if operation else f"{method} {split.path}"
            self.asked.append(Answered(name, refused.status, refused.body))
            return self._finish(refused.status, refused.body, refused.headers)
        if faults := rules.faults_of_answer(operation, status, body):
            self.violations.append(f"own answer to {operation.name}: {faults}")
        self.asked.append(Answered(operation.name, status, body))
        response = self._paged(status, body, split.path, query, headers)
        response.is_lost = bool(fault and fault.is_lost)
        return response

    def _do(
        self, operation: rules.Operation, query: dict[str, str], headers: dict[str, str], raw: bytes
    ) -> tuple[int, Any]:
        by = self._who(operation, headers.get("authorization", ""))
        body = json.loads(raw) if raw else None
        if faults := rules.faults_of_request(operation, query, headers, body):
            self.violations.append(f"{operation.name}: {'; '.join(faults)}")
            raise Refused(422, "Invalid request.\n\n" + "\n".join(faults))
        if operation.name not in ACTS:
            self.violations.append(f"{operation.name} is not done by the fake")
            raise Refused(501, "Not done by the fake")
        return ACTS[operation.name](self.state, Asked(operation, query, body, by))

    def _who(self, operation: rules.Operation, authorization: str) -> str:
        token = authorization.removeprefix("Bearer ")
        as_app = operation.name.split(" ")[1].startswith("/app/") or operation.name.endswith(
            ("/installation", " /app")
        )
        if as_app:
            self._check_jwt(token)
            return "app"
        if token and token == self.state.personal_token:
            return "person"
        known = self.state.tokens.get(token)
        if known is None or known.ends_at <= datetime.now(UTC):
            raise Refused(401, "Bad credentials")
        self._check_permission(operation, known.permissions)
        return "installation"

    def _check_permission(self, operation: rules.Operation, given: dict[str, str]) -> None:
        choices = NEEDED.get(operation.name, ())
        granted = any(
            given.get(name) in ({"write", "admin"} if level == "write" else {"read", "write"})
            for name, level in choices
        )
        if choices and not granted:
            accepted = "; ".join(f"{name}={level}" for name, level in choices)
            raise Refused(
                403,
                "Resource not accessible by integration",
                **{"X-Accepted-GitHub-Permissions": accepted},
            )

    def _check_jwt(self, token: str) -> None:
        # https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
        try:
            claims = jwt.decode(
                token,
                self.state.public_key,
                ["RS256"],
                options={"require": ["iat", "exp", "iss"]},
            )
        except (jwt.PyJWTError, ValueError):
            raise Refused(401, "A JSON web token could not be decoded") from None
        if str(claims["iss"]) != self.state.app_id:
            raise Refused(401, "'Issuer' claim ('iss') must be the App's id")
        if claims["exp"] > time.time() + 600:
            raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")

    def _fault(self, operation: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.matching in operation:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.faults.remove(fault)
                    return fault
        return None

    def _paged(
        self, status: int, body: Any, path: str, query: dict[str, str], headers: dict[str, str]
    ) -> "Response":
        # https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
        more: dict[str, str] = {}
        if isinstance(body, list):
            size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
            if len(body) > page * size:
                following = urlencode(query | {"page": str(page + 1)})
                more["Link"] = f'<{self.url}{path}?{following}>; rel="next"'
            body = body[(page - 1) * size : page * size]
        if status == 200:
            etag = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
            more["ETag"] = f'W/"{etag}"'
            if headers.get("if-none-match") == more["ETag"]:
                return self._finish(304, None, more, is_counted=False)
        return self._finish(status, body, more)

    def _finish(
        self, status: int, body: Any, headers: dict[str, str], *, is_counted: bool = True
    ) -> "Response":
        # https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
        self.remaining -= int(is_counted)
        limits = {
            "X-RateLimit-Limit": str(_LIMIT),
            "X-RateLimit-Remaining": str(max(0, self.remaining)),
            "X-RateLimit-Reset": str(int(time.time()) + 3600),
            "X-RateLimit-Resource": "core",
        }
        content = b"" if body is None else json.dumps(body).encode()
        return Response(status, limits | headers, content)


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    content: bytes
    is_lost: bool = False

"""GitHub's REST API: what is asked and answered, and what goes wrong."""

import json
import re
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .. import rules
from .credentials import Caller, caller, check_repository
from .limits import Limits
from .paging import Paging
from .state import ACTS, Asked, Refused, State

#: Of a fault's `times`.
ALWAYS = 1 << 30


@dataclass
class Fault:
    """What goes wrong with the next requests; all of it `times` times."""

    #: Answered instead; 0 for none.
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "Server Error"
    #: Answered instead of GitHub's way to tell the message.
    body: Any = None
    #: Not even JSON; or in parts, as many as are read.
    content: bytes | Iterable[bytes] | None = None
    #: The request is done, and the connection cut.
    is_lost: bool = False
    #: The connection is cut before.
    is_down: bool = False
    seconds: float = 0.0
    #: Only requests in whose operation's name, or method and path, this pattern is found.
    matching: str = ""
    times: int = 1


@dataclass
class Seen:
    """A request, and what was answered; 0 where nothing was."""

    operation: str
    path: str
    query: dict[str, str]
    body: Any
    token: str
    status: int = 0
    answer: Any = None

    @property
    def method(self) -> str:
        return self.operation.partition(" ")[0]

    @property
    def said(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    content: bytes | Iterable[bytes]
    is_lost: bool = False
    seconds: float = 0.0


class Fake:
    """A GitHub; `violations` are requests that GitHub's description does not allow."""

    def __init__(self, state: State, url: str = "https://api.github.com") -> None:
        self.state = state
        #: Where it is, which may have a path.
        self.url = url
        self.violations: list[str] = []
        self.faults: deque[Fault] = deque()
        self.seen: list[Seen] = []
        self.limits = Limits()
        self.paging = Paging(state)
        self.lock = threading.RLock()

    def refuse(
        self, matching: str, status: int, body: Any = None, *, times: int = ALWAYS, **headers: str
    ) -> None:
        """Have what matches answered that way from now on."""
        self.relent(matching)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.faults.append(Fault(status, names, "no", body, matching=matching, times=times))

    def relent(self, matching: str = "") -> None:
        """No more of what was to go wrong with it; with all, without `matching`."""
        self.faults = deque(each for each in self.faults if matching not in {"", each.matching})

    def count(self, said: str) -> int:
        """How often that was asked, being a method and a path, or an operation."""
        return sum(said in {each.said, each.operation} for each in self.seen)

    def changes(self) -> list[str]:
        """Method and path of what changes something, but for the App's own."""
        return [each.said for each in self.seen if each.method != "GET" and "/app" not in each.path]

    def answer(self, method: str, target: str, headers: dict[str, str], content: bytes) -> Response:
        split = urlsplit(target)
        path = split.path.removeprefix(urlsplit(self.url).path)
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        body = json.loads(content) if content else None
        operation = rules.find(method, self.paging.by_name(path))
        name = operation.name if operation else f"{method} {path}"
        token = headers.get("authorization", "").removeprefix("Bearer ")
        seen = Seen(name, path, query, body, token)
        with self.lock:
            self.seen.append(seen)
            faults = self._look(operation, seen, headers)
            fault = self._fault(f"{name}\n{method} {path}")
            if fault and (fault.is_down or fault.status):
                return self._gone_wrong(fault, seen)
            response = self._answered(operation, seen, headers, faults)
        if fault:
            response.is_lost, response.seconds = fault.is_lost, fault.seconds
        return response

    def _look(
        self, operation: rules.Operation | None, seen: Seen, headers: dict[str, str]
    ) -> list[str]:
        """What GitHub's description does not allow of a request, also where it goes wrong."""
        if operation is None:
            faults = ["is no operation of GitHub's here"]
        else:
            faults = rules.faults_of_request(operation, seen.query, headers, seen.body)
        if faults:
            self.violations.append(f"{seen.operation}: {'; '.join(faults)}")
        return faults

    def _fault(self, said: str) -> Fault | None:
        for fault in self.faults:
            if re.search(fault.matching, said):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def _gone_wrong(self, fault: Fault, seen: Seen) -> Response:
        if fault.is_down:
            return Response(0, {}, b"", is_lost=True)
        seen.status = fault.status
        body = {"message": fault.message} if fault.body is None else fault.body
        content = json.dumps(body).encode() if fault.content is None else fault.content
        if fault.status == 204:
            content = b""
        return Response(fault.status, dict(fault.headers), content, seconds=fault.seconds)

    def _answered(
        self,
        operation: rules.Operation | None,
        seen: Seen,
        headers: dict[str, str],
        faults: list[str],
    ) -> Response:
        account = "nobody"
        try:
            if operation is None:
                raise Refused(404, "Not Found")
            by = caller(self.state, operation, headers.get("authorization", ""))
            account = by.account
            is_counted = by.kind in {"installation", "person"}
            self.limits.check(account, seen.method if is_counted else "GET")
            check_repository(self.state, operation, by.token)
            if faults:
                raise Refused(422, "Invalid request.\n\n" + "\n".join(faults))
            status, body = self._do(operation, seen, by)
        except Refused as refused:
            self.limits.count(account)
            seen.status, seen.answer = refused.status, refused.body
            told = self.limits.headers(account) | refused.headers
            return Response(refused.status, told, json.dumps(refused.body).encode())
        return self._good(operation, seen, headers, account, status, body)

    def _do(self, operation: rules.Operation, seen: Seen, by: Caller) -> tuple[int, Any]:
        asked = Asked(operation, seen.query, seen.body, by.kind, by.token)
        status, body = ACTS[operation.name](self.state, asked)
        if operation.name == "GET /rate_limit":
            shown = self.limits.shown(by.account)
            body = body | {"rate": shown, "resources": body["resources"] | {"core": shown}}
        if faults := rules.faults_of_answer(operation, status, body):
            self.violations.append(f"own answer to {operation.name}: {faults}")
        return status, body

    def _good(
        self,
        operation: rules.Operation,
        seen: Seen,
        headers: dict[str, str],
        account: str,
        status: int,
        body: Any,
    ) -> Response:
        known = headers.get("if-none-match", "")
        status, body, more = self.paging.answer(
            self.url, seen.path, seen.query, known, status, body
        )
        seen.status, seen.answer = status, body
        if status != 304 and operation.name != "GET /rate_limit":
            self.limits.count(account)
        content = b"" if body is None else json.dumps(body).encode()
        return Response(status, self.limits.headers(account) | more, content)

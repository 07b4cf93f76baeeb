"""One call to AWS as it comes in, and what is answered."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

Json = dict[str, Any]

#: Who a request is for stands in its signature:
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes

    @cached_property
    def service(self) -> str:
        """AWS's name of the service, such as `ecs` or `servicediscovery`."""
        found = _SCOPE.search(self.headers.get("authorization", ""))
        return found[1] if found else ""

    @cached_property
    def operation(self) -> str:
        target = self.headers.get("x-amz-target", "")
        if target:
            return target.rpartition(".")[2]
        fields = parse_qs(self.content.decode(errors="replace"))
        return fields.get("Action", [""])[0]

    @property
    def name(self) -> str:
        return f"{self.service}.{self.operation}"

    @property
    def is_json(self) -> bool:
        return "x-amz-target" in self.headers

    @cached_property
    def body(self) -> Json:
        """What is asked for, where the protocol is JSON."""
        found: Json = json.loads(self.content) if self.is_json and self.content else {}
        return found


@dataclass(frozen=True)
class Reply:
    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, said: Json) -> "Reply":
        headers = {"Content-Type": "application/x-amz-json-1.1"}
        return cls(200, json.dumps(said).encode(), headers)

    @property
    def said(self) -> Json:
        found: Json = json.loads(self.content)
        return found


class Refusal(Exception):
    """AWS's answer to a call that breaks a rule."""

    def __init__(self, code: str, message: str, *, status: int = 400, **more: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.more = code, message, status, more

    def reply(self, call: Call) -> Reply:
        """In the protocol that the call came in: JSON, or XML of EC2's and IAM's kind."""
        if call.is_json:
            said = {"__type": self.code, "message": self.message, **self.more}
            return Reply(self.status, json.dumps(said).encode(), {"x-amzn-errortype": self.code})
        error = f"<Error><Code>{self.code}</Code><Message>{self.message}</Message></Error>"
        wrapped = f"<Errors>{error}</Errors>" if call.service == "ec2" else error
        outer = "Response" if call.service == "ec2" else "ErrorResponse"
        return Reply(self.status, f"<{outer}>{wrapped}</{outer}>".encode())

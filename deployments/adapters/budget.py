"""One budget for all of a process's calls to AWS, so that deployments come before comparisons.

AWS counts calls in token buckets, for an account and a region. Each process has buckets like
these, as large as `aws_share` says. Who deploys waits a little for a token, and goes on without
one rather than be late: AWS has the last word, and botocore tries again. Who only compares takes
from a bucket that is more than half full, and is silent for a while once AWS has throttled.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..config import config
from ..errors import PlatformError

#: Seconds that a call waits at most for its turn.
_FOREGROUND_WAIT, _BACKGROUND_WAIT = 5.0, 20.0
#: Seconds that calls in the background are held back once AWS has throttled any call.
_SILENCE = 10.0
#: Nobody sleeps longer than this without looking again, or shorter.
_NAP, _BLINK = 0.5, 0.01

THROTTLED = {
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestThrottled",
}

_in_background: ContextVar[bool] = ContextVar("aws_in_background", default=False)


class Clock:
    """Seconds that only go forward; tests have another one."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Size(NamedTuple):
    """What AWS lets an account do: calls at once, and calls a second for ever."""

    burst: float
    rate: float


#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
_ECS = {
    "task definitions": Size(20, 1),
    "services": Size(50, 5),
    "look at services": Size(100, 20),
    "look around": Size(20, 10),
    "tasks": Size(40, 10),
    "remove task definitions": Size(5, 1),
}
#: Cloud Map and ECR publish no figures for these, or far larger ones; Logs lets DescribeLogGroups
#: and its writes be called 10 times a second:
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cloudwatch_logs.html
_OTHERS = {
    "servicediscovery": Size(40, 10),
    "ecr": Size(40, 10),
    "logs": Size(20, 10),
}
_ACTIONS = {
    "RegisterTaskDefinition": "task definitions",
    "DeregisterTaskDefinition": "task definitions",
    "DeleteTaskDefinitions": "remove task definitions",
    "CreateService": "services",
    "UpdateService": "services",
    "DeleteService": "services",
    "DescribeServices": "look at services",
    "ListServices": "look at services",
    "DescribeTasks": "look at services",
    "ListTasks": "look at services",
    "RunTask": "tasks",
    "StopTask": "tasks",
}


@dataclass
class _Bucket:
    size: Size
    left: float
    seen_at: float

    def refill(self, now: float) -> None:
        self.left = min(self.size.burst, self.left + (now - self.seen_at) * self.size.rate)
        self.seen_at = now


class Budget:
    """Shared by all threads."""

    def __init__(self, share: float, clock: Clock) -> None:
        self._share, self._clock = share, clock
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}
        self._silent_until = 0.0
        self._refused = 0

    def take(self, service: str, operation: str) -> None:
        """Wait for the call's turn. Raises PlatformError where none comes, in the background."""
        is_background = _in_background.get()
        deadline = self._clock.now() + (_BACKGROUND_WAIT if is_background else _FOREGROUND_WAIT)
        while (wait := self._try(service, operation, is_background)) > 0:
            left = deadline - self._clock.now()
            if left > 0:
                self._clock.sleep(min(max(wait, _BLINK), _NAP))
            elif is_background:
                raise PlatformError(
                    f"No call to AWS was left for {operation}: deployments come first.", retry=True
                )
            else:
                self._overdraw(service, operation)
                return

    def throttled(self) -> None:
        """AWS has refused a call: whoever only compares is silent for a while."""
        with self._lock:
            self._silent_until = self._clock.now() + _SILENCE
            self._refused += 1

    def take_refused(self) -> int:
        """How many calls AWS has refused since this was asked last."""
        with self._lock:
            refused, self._refused = self._refused, 0
            return refused

    def _try(self, service: str, operation: str, is_background: bool) -> float:
        """Take a token: 0, or the seconds until there may be one."""
        with self._lock:
            now = self._clock.now()
            bucket = self._bucket(service, operation, now)
            if is_background and now < self._silent_until:
                return self._silent_until - now
            # What is small is used up to its last token, or nobody else would ever have one.
            kept = bucket.size.burst / 2 if is_background and bucket.size.burst > 2 else 0.0
            if bucket.left - 1 >= kept:
                bucket.left -= 1
                return 0.0
            return (kept + 1 - bucket.left) / bucket.size.rate

    def _overdraw(self, service: str, operation: str) -> None:
        with self._lock:
            self._bucket(service, operation, self._clock.now()).left = 0.0

    def _bucket(self, service: str, operation: str, now: float) -> _Bucket:
        key, size = _size_of(service, operation)
        if key not in self._buckets:
            # One call at least, whatever the share.
            part = Size(max(1.0, size.burst * self._share), size.rate * self._share)
            self._buckets[key] = _Bucket(part, part.burst, now)
        bucket = self._buckets[key]
        bucket.refill(now)
        return bucket


def _size_of(service: str, operation: str) -> tuple[str, Size]:
    if service != "ecs":
        return service, _OTHERS[service]
    kind = _ACTIONS.get(operation, "look around")
    return f"ecs {kind}", _ECS[kind]


#: Replaced by tests, together with the budget.
clock = Clock()
_budget: Budget | None = None
_making = threading.Lock()


@contextmanager
def in_background() -> Iterator[None]:
    """Calls to AWS inside leave deployments the larger part of the budget."""
    token = _in_background.set(True)
    try:
        yield
    finally:
        _in_background.reset(token)


def is_in_background() -> bool:
    """Whether nobody waits for what is asked here."""
    return _in_background.get()


def forget() -> None:
    """Begin with full buckets, by the settings and the clock of now."""
    global _budget
    with _making:
        _budget = None


def take_refused() -> int:
    """How many calls AWS has refused in this process since this was asked last: it throttles."""
    return _current().take_refused()


def watch(client: Any) -> None:
    """Have a boto3 client's calls counted, and its throttled answers heard."""
    service = client.meta.service_model.service_name
    if service == "ecs" or service in _OTHERS:
        client.meta.events.register("before-call", _before_call)
        client.meta.events.register("response-received", _response_received)


def _before_call(model: Any, **_: Any) -> None:
    _current().take(model.service_model.service_name, model.name)


def _response_received(parsed_response: Mapping[str, Any] | None, **_: Any) -> None:
    error = (parsed_response or {}).get("Error") or {}
    if error.get("Code") in THROTTLED:
        _current().throttled()


def _current() -> Budget:
    global _budget
    with _making:
        if _budget is None:
            _budget = Budget(config().aws_share, clock)
        return _budget

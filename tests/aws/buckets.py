"""Token buckets: how often each class of actions may be called.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html#throttling-quotas
"""

import threading
import time
from dataclasses import dataclass, field

from .call import Call, Refusal


@dataclass
class Bucket:
    """`burst` tokens at most, `rate` more of them a second."""

    burst: float
    rate: float
    _left: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._at = self.burst, time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self._left = min(self.burst, self._left + (now - self._at) * self.rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


#: Burst, rate, and the actions that share them.
_CLASSES: list[tuple[float, float, str]] = [
    (20, 1, "RegisterTaskDefinition DeregisterTaskDefinition"),
    (50, 5, "CreateService UpdateService DeleteService"),
    (100, 20, "DescribeServices ListServices"),
    (50, 20, "DescribeClusters ListClusters"),
]


class Buckets:
    """For the whole account and region, whoever calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_name = {
            f"ecs.{action}": bucket
            for bucket, actions in ((Bucket(b, r), names) for b, r, names in _CLASSES)
            for action in actions.split()
        }

    def check(self, call: Call) -> None:
        bucket = self._by_name.get(call.name)
        if bucket is None:
            return
        with self._lock:
            has_token = bucket.take()
        if not has_token:
            raise Refusal("ThrottlingException", "Rate exceeded")

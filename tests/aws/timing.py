"""How long things take in this AWS, and how old what a read shows may be."""

import random
import threading
import time
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Timing:
    """Seconds, as AWS takes them at its quickest. A factor makes tests quicker still."""

    #: From CreateService to a task that is RUNNING.
    starting: float = 1.5
    #: From a task that is RUNNING to its instance in Cloud Map, and from its end to none there.
    registering: float = 0.3
    deregistering: float = 1.5
    #: From the last task that runs to COMPLETED.
    completing: float = 0.5
    #: How long a deleted service is DRAINING, and then INACTIVE before it is MISSING.
    draining: float = 3.0
    inactive: float = 10.0
    #: How long DeregisterInstance's operation is under way.
    operation: float = 0.8
    #: How long a one-off task runs.
    one_off: float = 1.0
    #: What a read shows is at most so old.
    lag: float = 0.6

    def scaled(self, factor: float) -> "Timing":
        return replace(self, **{f.name: getattr(self, f.name) * factor for f in fields(self)})


class Clock:
    """Now, and the moment that a read shows: AWS's reads are eventually consistent.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html: "The Amazon ECS API
    follows an eventual consistency model."
    """

    #: So many reads show the present.
    _FRESH = 0.5

    def __init__(self, timing: Timing, seed: int) -> None:
        self.timing = timing
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def now(self) -> float:
        return time.monotonic()

    def seen(self) -> float:
        """The moment that one read shows."""
        with self._lock:
            is_fresh = self._random.random() < self._FRESH
            lag = 0.0 if is_fresh else self._random.uniform(0, self.timing.lag)
        return self.now() - lag

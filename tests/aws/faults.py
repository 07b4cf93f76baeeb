"""AWS on a bad day: which calls go wrong, and how, drawn from a seeded plan."""

import random
import threading
from enum import Enum


class Fault(Enum):
    THROTTLED = "throttled"
    #: The internal error of a server that did nothing, and of one that did all it was asked.
    FAILED_BEFORE = "500 before"
    FAILED_AFTER = "500 after success"
    #: The answer comes, late.
    SLOW = "slow"
    #: Nothing is done, and nothing is said for seconds until the connection ends.
    SILENT = "no answer"
    #: Everything is done, and the connection ends without a word of it.
    LOST = "answer lost"

    @property
    def is_after(self) -> bool:
        """Whether the call has its effect."""
        return self in {Fault.FAILED_AFTER, Fault.SLOW, Fault.LOST}


_WEIGHTS = {
    Fault.THROTTLED: 6,
    Fault.FAILED_BEFORE: 4,
    Fault.FAILED_AFTER: 4,
    Fault.SLOW: 3,
    Fault.SILENT: 1,
    Fault.LOST: 4,
}


class Plan:
    """Draws a fault for a part of all calls."""

    def __init__(self, seed: int, part: float) -> None:
        self.part = part
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._next: dict[str, list[Fault]] = {}

    def draw(self, name: str) -> Fault | None:
        """What goes wrong with the next call of that name."""
        with self._lock:
            if waiting := self._next.get(name):
                return waiting.pop(0)
            if self._random.random() >= self.part:
                return None
            return self._random.choices([*_WEIGHTS], [*_WEIGHTS.values()])[0]

    def put(self, name: str, fault: Fault) -> None:
        """Have this happen to the next call of that name, whatever was drawn."""
        with self._lock:
            self._next.setdefault(name, []).append(fault)

    def seconds(self, longest: float) -> float:
        with self._lock:
            return self._random.uniform(longest / 3, longest)

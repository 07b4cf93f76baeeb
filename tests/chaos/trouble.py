"""What goes wrong around Edaha: its processes are killed, Valkey forgets, PostgreSQL falls over."""

import random
import threading
import time
from collections import Counter
from contextlib import suppress

import redis

from bench.postgres import Server

from .fleet import Fleet
from .options import Options

#: How often each of them is met, out of all.
_WEIGHTS = {
    "build": 6,
    "control": 6,
    "web": 2,
    "beat": 1,
    "valkey restarted": 2,
    "valkey flushed": 3,
    "postgres stopped": 3,
}


class Trouble(threading.Thread):
    def __init__(self, options: Options, fleet: Fleet, database: Server, redis_url: str) -> None:
        super().__init__(name="trouble", daemon=True)
        self._options, self._fleet, self._database = options, fleet, database
        self._redis = redis.Redis.from_url(redis_url, socket_timeout=2)
        self._random = random.Random(options.seed + 2)
        self._is_over = threading.Event()
        self.counts: Counter[str] = Counter()

    @property
    def was_every_kind(self) -> bool:
        return set(self.counts) == set(_WEIGHTS)

    def run(self) -> None:
        # Each kind once, whatever the dice say; then by their weights.
        waiting = [*_WEIGHTS]
        self._random.shuffle(waiting)
        while not self._is_over.wait(self._random.uniform(*self._options.kill_every)):
            self._fleet.supervise()
            kind = waiting.pop() if waiting else self._chosen()
            self._make(kind)
            self.counts[kind] += 1

    def end(self) -> None:
        self._is_over.set()
        self.join()

    def _chosen(self) -> str:
        return self._random.choices([*_WEIGHTS], [*_WEIGHTS.values()])[0]

    def _make(self, kind: str) -> None:
        if kind == "valkey flushed":
            with suppress(redis.RedisError):
                self._redis.flushall()
        elif kind == "postgres stopped":
            self._database.stop()
            time.sleep(self._random.uniform(0.2, 2))
            self._database.start()
        else:
            name = kind.partition(" ")[0]
            self._fleet.kill(name)
            time.sleep(self._random.uniform(0, 1))
            self._fleet.start(name)

"""Carries deliveries as badly as it can: some twice, some never, none in order."""

import hashlib
import heapq
import hmac
import itertools
import json
import random
import threading
import time
import uuid
from collections import Counter
from typing import Any

import httpx

from .options import Options

SECRET = "only for this run"
_CARRIERS = 4
_AGAIN = 1.0


class Post:
    def __init__(self, url: str, options: Options) -> None:
        self._url, self._options = url, options
        self._random = random.Random(options.seed + 1)
        self._numbers = itertools.count()
        self._waiting: list[tuple[float, int, dict[str, str], bytes, bool]] = []
        self._lock = threading.Lock()
        self._under_way = 0
        self._is_over = threading.Event()
        self.counts: Counter[str] = Counter()
        #: GUIDs of what Edaha said it had taken.
        self.accepted: set[str] = set()
        self._threads = [
            threading.Thread(target=self._carry, name=f"post-{n}", daemon=True)
            for n in range(_CARRIERS)
        ]
        for thread in self._threads:
            thread.start()

    def give(self, kind: str, payload: dict[str, Any], *, may_be_lost: bool) -> None:
        """`may_be_lost` where somebody else finds out what no delivery told of."""
        body = json.dumps(payload).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Delivery": str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            "X-GitHub-Event": kind,
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        self.counts["events"] += 1
        if may_be_lost and self._random.random() < self._options.dropped:
            self.counts["dropped"] += 1
            return
        self._put(headers, body, may_be_lost)
        if self._random.random() < self._options.duplicated:
            self.counts["duplicated"] += 1
            self._put(headers, body, may_be_lost)

    def empty(self) -> None:
        """Wait until everything is delivered."""
        while self._waiting or self._under_way:
            time.sleep(0.1)

    def close(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _put(
        self, headers: dict[str, str], body: bytes, may_be_lost: bool, delay: float | None = None
    ) -> None:
        with self._lock:
            wait = self._random.uniform(0, self._options.window) if delay is None else delay
            entry = (time.monotonic() + wait, next(self._numbers), headers, body, may_be_lost)
            heapq.heappush(self._waiting, entry)

    def _carry(self) -> None:
        with httpx.Client(trust_env=False, timeout=10) as client:
            while not self._is_over.is_set():
                entry = self._next()
                if entry is None:
                    time.sleep(0.02)
                    continue
                try:
                    self._deliver(client, *entry[2:])
                finally:
                    with self._lock:
                        self._under_way -= 1

    def _next(self) -> tuple[float, int, dict[str, str], bytes, bool] | None:
        with self._lock:
            if not self._waiting or self._waiting[0][0] > time.monotonic():
                return None
            self._under_way += 1
            return heapq.heappop(self._waiting)

    def _deliver(
        self, client: httpx.Client, headers: dict[str, str], body: bytes, may_be_lost: bool
    ) -> None:
        self.counts["sent"] += 1
        try:
            answer = client.post(self._url, content=body, headers=headers)
            is_taken = answer.is_success
        except httpx.HTTPError:
            is_taken = False
        if is_taken:
            self.accepted.add(headers["X-GitHub-Delivery"])
            return
        self.counts["not taken"] += 1
        if not may_be_lost:  # somebody presses "Redeliver"
            self._put(headers, body, may_be_lost, delay=_AGAIN)

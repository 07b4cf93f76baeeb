"""What the fake of GitHub lets an account do.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import time
from collections import Counter, defaultdict, deque

from .state import Refused, Thing

_MINUTE, _HOUR = 60.0, 3600.0


class Limits:
    def __init__(self) -> None:
        #: Requests within an hour.
        self.most = 5000
        #: Requests that change something, within a minute: a secondary limit.
        self.most_changes = 80
        self.used: Counter[str] = Counter()
        self._resets: dict[str, float] = {}
        self._changes: defaultdict[str, deque[float]] = defaultdict(deque)

    def check(self, account: str, method: str) -> None:
        """Raises Refused once a limit is used up."""
        self._begin_anew(account)
        if self.used[account] >= self.most:
            raise Refused(403, f"API rate limit exceeded for {account}.", **self.headers(account))
        if method == "GET":
            return
        changes, now = self._changes[account], time.time()
        while changes and changes[0] <= now - _MINUTE:
            changes.popleft()
        if len(changes) >= self.most_changes:
            raise Refused(
                403,
                "You have exceeded a secondary rate limit. Please wait a few minutes.",
                **{"Retry-After": str(int(changes[0] + _MINUTE - now) + 1)},
            )
        changes.append(now)

    def leave(self, account: str, remaining: int) -> None:
        """So many requests are left in an hour that begins now."""
        self._resets[account] = time.time() + _HOUR
        self.used[account] = self.most - remaining

    def count(self, account: str) -> None:
        self._begin_anew(account)
        self.used[account] += 1

    def headers(self, account: str) -> dict[str, str]:
        self._begin_anew(account)
        shown = self.shown(account)
        return {
            f"X-RateLimit-{name}": str(shown[name.lower()])
            for name in ("Limit", "Remaining", "Reset", "Used")
        } | {"X-RateLimit-Resource": "core"}

    def shown(self, account: str) -> Thing:
        used = self.used[account]
        left = max(0, self.most - used)
        reset = int(self._resets.get(account, time.time() + _HOUR))
        return {"limit": self.most, "used": used, "remaining": left, "reset": reset}

    def _begin_anew(self, account: str) -> None:
        if self._resets.get(account, 0.0) <= time.time():
            self._resets[account] = time.time() + _HOUR
            self.used[account] = 0

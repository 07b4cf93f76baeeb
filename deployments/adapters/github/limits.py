"""What GitHub lets one account do: an installation, or the token. Shared by all threads, and
of what is asked for, by all processes: how long to be silent, and a second between changes.

By the headers of each answer, and as GitHub asks for:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
from django.utils import timezone

from . import sharing
from .problems import Limited

#: Where GitHub does not say how long to wait: a minute, and then longer each time.
_WAIT = timedelta(minutes=1)
#: GitHub counts by the hour.
_LONGEST = timedelta(hours=1)
#: Seconds between two calls that change something.
_APART = 1.0
#: The part of the limit that is left to what people wait for.
_KEPT = 10
#: How a secondary limit says its name where it has no header.
_SECONDARY = ("secondary rate limit", "abuse detection")


class Clock:
    """Seconds that only go forward; tests have another one."""

    def now(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        """The time of day, which processes share."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


#: Replaced by tests.
clock = Clock()


class Account:
    """Whoever GitHub counts the requests of."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.limit: int | None = None
        self.remaining: int | None = None
        self.resets_at: datetime | None = None
        self._silent_until: datetime | None = None
        self._refused_in_a_row = 0
        self._changing = threading.Lock()
        self._changed_at = -_APART

    def check(self, *, is_background: bool) -> None:
        """Raises Limited while GitHub wants silence, or has little left and nobody waits."""
        now = timezone.now()
        if self._silent_until is None or now >= self._silent_until:
            self._silent_until = sharing.silent_until(self.name)
        if self._silent_until is not None and now < self._silent_until:
            raise self._limited(self._silent_until)
        if is_background and self.is_nearly_used_up(now) and self.resets_at is not None:
            minutes = _minutes(self.resets_at - now)
            raise Limited(
                f"GitHub's rate limit is nearly used up: what is left ({self.remaining} of "
                f"{self.limit}) is for what people wait for, for {minutes} min.",
                until=self.resets_at,
            )

    def is_nearly_used_up(self, now: datetime) -> bool:
        if self.limit is None or self.remaining is None or self.resets_at is None:
            return False
        return now < self.resets_at and self.remaining * _KEPT < self.limit

    @contextmanager
    def turn(self) -> Iterator[None]:
        """For calls that change something: one after the other, a second apart."""
        with self._changing:
            now = clock.time()
            others = sharing.next_turn(self.name, now, _APART) - now
            if (wait := max(others, self._changed_at + _APART - clock.now())) > 0:
                clock.sleep(wait)
            try:
                yield
            finally:
                self._changed_at = clock.now()

    def hear(self, response: httpx.Response) -> None:
        """Read an answer's headers. Raises Limited where it was refused for a limit."""
        self._note(response.headers)
        if response.status_code not in {403, 429}:
            self._refused_in_a_row = 0
            return
        if wait := self._asked_to_wait(response):
            self._silent_until = timezone.now() + wait
            sharing.silence(self.name, self._silent_until)
            raise self._limited(self._silent_until)

    def _note(self, headers: httpx.Headers) -> None:
        if headers.get("X-RateLimit-Resource", "core") != "core":
            return
        limit, remaining, reset = (
            headers.get(f"X-RateLimit-{name}", "") for name in ("Limit", "Remaining", "Reset")
        )
        if all(map(_is_number, (limit, remaining, reset))):
            self.limit, self.remaining = int(limit), int(remaining)
            latest = timezone.now() + _LONGEST
            self.resets_at = datetime.fromtimestamp(min(int(reset), latest.timestamp()), UTC)

    def _asked_to_wait(self, response: httpx.Response) -> timedelta:
        """How long GitHub wants to be left alone; zero where it is about something else."""
        headers = response.headers
        if _is_number(seconds := headers.get("Retry-After", "")):
            return timedelta(seconds=min(max(1, int(seconds)), 3600))
        if headers.get("X-RateLimit-Remaining") == "0":
            reset = headers.get("X-RateLimit-Reset", "")
            left = int(reset) - timezone.now().timestamp() if reset.isdecimal() else 0
            return max(_WAIT, timedelta(seconds=min(left + 1, 3600)))
        text = response.text.lower()
        if response.status_code == 429 or any(words in text for words in _SECONDARY):
            self._refused_in_a_row += 1
            return min(_LONGEST, _WAIT * (1 << min(self._refused_in_a_row - 1, 6)))
        return timedelta(0)

    def _limited(self, until: datetime) -> Limited:
        minutes = _minutes(until - timezone.now())
        return Limited(
            f"GitHub's rate limit is used up: it is asked again in {minutes} min.",
            until=until,
            hint="A GitHub App or EDAHA_GITHUB_TOKEN raises the limit."
            if self.name == ANONYMOUS
            else "",
        )


#: Whoever asks without a token.
ANONYMOUS = "anonymous"
_accounts: dict[str, Account] = {}
_lock = threading.Lock()


def account(name: str) -> Account:
    """The one of that name in this process."""
    with _lock:
        return _accounts.setdefault(name, Account(name))


def forget() -> None:
    """Begin anew, as a new process does that is alone."""
    with _lock:
        for name in _accounts:
            sharing.forget(name)
        _accounts.clear()


def _is_number(text: str) -> bool:
    """Python reads no number of thousands of digits."""
    return text.isdecimal() and len(text) < 16


def _minutes(wait: timedelta) -> int:
    return max(1, math.ceil(wait.total_seconds() / 60))

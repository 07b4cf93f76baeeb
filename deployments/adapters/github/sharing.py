"""What all processes together know of GitHub's limits: who is to be silent, and whose turn it is.

In Django's cache, which is Redis. Without it each process goes by what it hears itself.
"""

from datetime import datetime

from django.core.cache import cache
from django.utils import timezone

#: So many turns ahead are looked through; more never wait.
_AHEAD = 120


def silence(account: str, until: datetime) -> None:
    """Nobody asks GitHub for this account until then."""
    seconds = int((until - timezone.now()).total_seconds()) + 1
    known = silent_until(account)
    if seconds > 0 and (known is None or known < until):
        cache.set(_key("silent", account), until.isoformat(), timeout=seconds)


def silent_until(account: str) -> datetime | None:
    told = cache.get(_key("silent", account))
    return datetime.fromisoformat(told) if isinstance(told, str) else None


def next_turn(account: str, now: float, apart: float) -> float:
    """The moment of the next turn that nobody has, which is `apart` seconds after any other's.

    `now` and the moment are seconds of the clock that all share. Time is cut into parts as long as
    turns are apart, each of which one turn begins in; whoever writes it down first has it.
    """
    first = int(now / apart)
    for place in range(first, first + _AHEAD):
        before = cache.get(_turn(account, place - 1))
        moment = max(now, place * apart)
        if isinstance(before, int | float):
            moment = max(moment, before + apart)
        kept = int(moment - now + 2 * apart) + 1
        if cache.add(_turn(account, place), moment, timeout=kept):
            return moment
    return now


def forget(account: str) -> None:
    cache.delete(_key("silent", account))


def _turn(account: str, place: int) -> str:
    return _key(f"turn-{place}", account)


def _key(what: str, account: str) -> str:
    return f"github-{what}-{account.replace(' ', '-')}"

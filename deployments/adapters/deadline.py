"""An end for work that may never come to one by itself."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ..causes import Cause
from ..errors import UserError


@contextmanager
def deadline(seconds: float, what: str) -> Iterator[None]:
    """Raise UserError inside when it takes longer, whatever it is doing then.

    It takes the process's alarm, so it works in a main thread only, as build workers have it;
    elsewhere there is no end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise UserError(
            f"{what} took longer than {seconds:.0f} s.", hint="Make it simpler.", cause=Cause.TIME
        )

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

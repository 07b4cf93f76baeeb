"""Whether this worker is being stopped, so that what it does must be handed over to another one.

The mark is shared by a worker and its children: it is made before they are forked, and setting it
is safe inside a signal handler.
"""

import mmap

_mark = mmap.mmap(-1, 1)


def request() -> None:
    """From now on work is given back at its next heartbeat."""
    _mark[0] = 1


def is_requested() -> bool:
    return _mark[0] == 1


def forget() -> None:
    """Work on: for a process that begins anew."""
    _mark[0] = 0

"""Whether this worker is being stopped, so that what it does must be handed over to another one.

The mark is shared by a worker and its children: it is made before they are forked, and setting it
is safe inside a signal handler.
"""

import mmap

_mark = mmap.mmap(-1, 1)
#: This process alone, such as one that is ended for having taken too long.
_is_mine = False


def request() -> None:
    """From now on work is given back at its next heartbeat."""
    _mark[0] = 1


def request_here() -> None:
    """The same for this process alone: the others of the worker go on."""
    global _is_mine
    _is_mine = True


def is_requested() -> bool:
    return _is_mine or _mark[0] == 1


def forget() -> None:
    """Work on: for a process that begins anew."""
    global _is_mine
    _is_mine, _mark[0] = False, 0

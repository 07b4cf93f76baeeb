"""Ends what an earlier run of a process left behind, then becomes the process.

    python launch.py COMMAND ...

When nginx's master or a Celery worker is killed, its children live on: they hold its port,
or a build. supervisord gives each process a group of its own, so the children are those
whose group has lost its leader, within supervisord's session.
"""

import os
import signal
import sys


def groups(session: int) -> dict[int, set[int]]:
    """The living processes of a session, by process group."""
    found: dict[int, set[int]] = {}
    for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))):  # noqa: PTH208
        try:
            if os.getsid(pid) == session:
                found.setdefault(os.getpgid(pid), set()).add(pid)
        except ProcessLookupError:
            continue
    return found


def end_orphans() -> None:
    for leader, members in groups(os.getsid(0)).items():
        if leader in members:
            continue
        for pid in members:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


if __name__ == "__main__":
    end_orphans()
    os.execvp(sys.argv[1], sys.argv[1:])  # nosec B606

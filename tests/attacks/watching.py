"""Python's own audit events: which programs are started, and which files are written.

https://docs.python.org/3/library/audit_events.html. A hook stays for ever, so there is one, which
tells whoever watches at the moment.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployments.config import config

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
#: Programs that the product has a reason to start.
EXPECTED = {"git", "docker", sys.executable}
#: Started by whatever means other than with a list of arguments.
_SHELLS = {"os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn"}
#: Changes of a file's place or presence: where a path is among the arguments, and its folder.
_MOVES = {
    "os.rename": ((0, 2), (1, 3)),
    "os.remove": ((0, 1),),
    "os.symlink": ((1, 2),),
    "os.link": ((1, 3),),
}


@dataclass
class Watch:
    """What was done while it was watched."""

    #: Where a test itself may write.
    folder: Path
    #: Argument lists.
    started: list[list[str]] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)

    def note(self, event: str, given: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            program, arguments = os.fsdecode(given[0] or given[1][0]), given[1]
            if isinstance(arguments, str):
                self.otherwise.append(f"a text to be a command: {arguments}")
            self.started.append([program, *map(os.fsdecode, list(arguments)[1:])])
        elif event in _SHELLS:
            self.otherwise.append(f"{event}{given}")
        elif event == "open" and isinstance(given[0], str | bytes) and (given[2] or 0) & _WRITES:
            self.written.append(os.fsdecode(given[0]))
        elif event in _MOVES:
            self.written += [_path(given[name], given[folder]) for name, folder in _MOVES[event]]

    def assert_nothing_unexpected(self) -> None:
        """Only known programs, by argument lists, and no file outside Edaha's own folder."""
        assert self.otherwise == []
        assert {command[0] for command in self.started} <= EXPECTED
        places = (config().data.absolute(), self.folder)
        outside = {path for path in self.written if not _is_within(path, places)}
        assert outside == set()


def _path(name: Any, folder: int) -> str:
    """`folder` is an open folder's number, or -1 for the process's own."""
    path = Path(os.fsdecode(name))
    return str(Path(f"/proc/self/fd/{folder}").readlink() / path if folder >= 0 else path)


def _is_within(path: str, places: tuple[Path, ...]) -> bool:
    if path in {"/dev/null", "/dev/tty"}:
        return True
    # Resolved here, and not while the hook runs: that would open files again.
    found = Path(path).resolve()
    return any(found.is_relative_to(place.resolve()) for place in places)


_watching: list[Watch] = []
_is_installed: list[bool] = []


def _hook(event: str, given: tuple[Any, ...]) -> None:
    for watch in _watching:
        watch.note(event, given)


@contextmanager
def watched(folder: Path) -> Iterator[Watch]:
    if not _is_installed:
        sys.addaudithook(_hook)
        _is_installed.append(True)
    watch = Watch(folder)
    _watching.append(watch)
    try:
        yield watch
    finally:
        _watching.remove(watch)

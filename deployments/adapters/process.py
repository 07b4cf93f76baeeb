"""A command whose output is read while it runs, and which has ended when we let go of it."""

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import IO

from ..errors import PlatformError

_KILL_AFTER_SECONDS = 5.0


class Process:
    """Use as a context manager. It leads a process group, all of which ends with it."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._command = command
        self._environment = environment
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def __enter__(self) -> "Process":
        try:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError:
            name = self._command[0]
            raise PlatformError(
                f"{name} is not installed on this worker.", hint=f"Install {name}."
            ) from None
        threading.Thread(target=self._read, args=(self._process.stderr,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            # The whole group, also when its leader has ended already.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=_KILL_AFTER_SECONDS)
                return

    def lines(self, *, every: float) -> Iterator[str | None]:
        """What it prints on stderr, line by line, and None about every `every` seconds."""
        wake_at = time.monotonic() + every
        while True:
            with suppress(queue.Empty):
                line = self._lines.get(timeout=max(0.0, wake_at - time.monotonic()))
                if line is None:
                    return
                yield line
            if time.monotonic() >= wake_at:
                yield None
                wake_at = time.monotonic() + every

    def exit_code(self) -> int:
        return self._process.wait(timeout=30)

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for raw in stream:
                self._lines.put(raw.decode(errors="replace"))
        self._lines.put(None)

"""A command's output, within a size and a time: what a host sends is as long as it likes."""

import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_CHUNK = 1 << 16


class TooMuch(Exception):
    """It has put out more than it may, and was ended."""


class Output(NamedTuple):
    code: int
    out: bytes
    err: bytes


def output_of(
    command: Sequence[str], environment: Mapping[str, str], *, seconds: float, most: int
) -> Output:
    """Run it to its end. Raises TooMuch, and subprocess.TimeoutExpired."""
    ends = time.monotonic() + seconds
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            out, err = _read(process, ends, most)
            return Output(process.wait(max(0.1, ends - time.monotonic())), out, err)
        except BaseException:
            process.kill()
            raise


def _read(process: subprocess.Popen[bytes], ends: float, most: int) -> tuple[bytes, bytes]:
    out, err = bytearray(), bytearray()
    with selectors.DefaultSelector() as waiting:
        for stream, read in ((process.stdout, out), (process.stderr, err)):
            if stream is not None:
                waiting.register(stream.fileno(), selectors.EVENT_READ, read)
        while waiting.get_map():
            left = ends - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired(process.args, 0)
            for ready, _ in waiting.select(left):
                part = os.read(ready.fd, _CHUNK)
                ready.data.extend(part)
                if not part:
                    waiting.unregister(ready.fd)
                if len(ready.data) > most:
                    raise TooMuch
    return bytes(out), bytes(err)

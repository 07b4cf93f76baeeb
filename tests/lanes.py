"""Parts of the tests side by side: what waits most of the time beside what calculates."""

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Lock
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
#: One part's words stand together.
_printing = Lock()


class Result(NamedTuple):
    part: str
    code: int
    seconds: float


def run(lanes: Sequence[Sequence[str]], output: Path) -> list[Result]:
    """Run the parts of each lane one after the other, and the lanes at the same time.

    Each part is a process of its own. It writes to `output`/PART.log, which is shown when it ends.
    """
    with ThreadPoolExecutor(len(lanes)) as pool:
        return [each for done in pool.map(partial(_lane, output), lanes) for each in done]


def _lane(output: Path, parts: Sequence[str]) -> list[Result]:
    return [_part(part, output / f"{part}.log") for part in parts]


def _part(part: str, log: Path) -> Result:
    started = time.monotonic()
    with log.open("wb") as written:
        done = subprocess.run(
            [sys.executable, "-m", "tests.run", part],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            check=False,
        )
    with _printing:
        print(f"\n── {part} ──\n{log.read_text(errors='replace')}", flush=True)
    return Result(part, done.returncode, time.monotonic() - started)

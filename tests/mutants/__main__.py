"""Put each bug into a copy of the tree, and see that the tests named for it fail there.

python -m tests.mutants [WORD …]    all, or those whose name has one of the words in it
"""

import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from .bugs import BUGS, Bug

_ROOT = Path(__file__).resolve().parent.parent.parent
_AT_ONCE = 2
_LIMIT_SECONDS = 240
_LEFT_OUT = shutil.ignore_patterns(
    ".*", "node_modules", "__pycache__", "test-results", "docs", "image", "journey", "*.sqlite3"
)


@dataclass(frozen=True)
class Outcome:
    """What tests did: how many failed, and how many could not even run."""

    failures: int
    errors: int
    passed: int
    printed: str

    @property
    def is_noticed(self) -> bool:
        """By a test that failed, and not because nothing works any more."""
        return self.failures > 0 and self.errors == 0


def main(words: Sequence[str]) -> int:
    chosen = [bug for bug in BUGS if not words or any(word in bug.name for word in words)]
    with TemporaryDirectory(prefix="edaha-mutants-") as folder:
        tree = Path(folder, "right")
        shutil.copytree(_ROOT, tree, ignore=_LEFT_OUT)
        for kept in ("pyproject.toml", "manage.py"):
            shutil.copy(_ROOT / kept, tree)
        # The same tests pass where nothing is wrong, so that they fail for the bug's sake.
        every = sorted({test for bug in chosen for test in bug.tests})
        right = run(tree, every)
        if right.failures or right.errors or not right.passed:
            print(right.printed)
            print("The tests fail without any bug.")
            return 1
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            results = list(pool.map(partial(_try, tree), chosen))
    print(f"{sum(results)} of {len(results)} bugs are noticed.")
    return int(not all(results))


def _try(tree: Path, bug: Bug) -> bool:
    started = time.monotonic()
    copy = tree.with_name(bug.name.replace(" ", "-"))
    shutil.copytree(tree, copy)
    plant(bug, copy)
    outcome = run(copy, bug.tests)
    shutil.rmtree(copy)
    verdict = "noticed" if outcome.is_noticed else "OVERLOOKED"
    print(f"{verdict:<11} {time.monotonic() - started:5.1f} s  {bug.name}", flush=True)
    if not outcome.is_noticed:
        print(f"            {bug.story}\n{outcome.printed[-1500:]}", flush=True)
    return outcome.is_noticed


def plant(bug: Bug, tree: Path) -> None:
    """Write the wrong text in the right one's place, which must be there exactly once."""
    path = tree / bug.file
    text = path.read_text()
    if text.count(bug.right) != 1:
        sys.exit(f"{bug.name}: {bug.file} has its text {text.count(bug.right)} times")
    path.write_text(text.replace(bug.right, bug.wrong))


def run(tree: Path, tests: Sequence[str], *, seconds: float = _LIMIT_SECONDS) -> Outcome:
    """Run tests in a tree of their own; what takes too long counts as a failure."""
    report = tree / "report.xml"
    command = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"--junit-xml={report}"]
    try:
        done = subprocess.run(
            [sys.executable, *command, *tests],
            cwd=tree,
            env=os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(1, 0, 0, "It took too long.")
    if not report.exists():
        return Outcome(0, 1, 0, done.stdout)
    suite = next(ET.parse(report).getroot().iter("testsuite"))
    found = {name: int(suite.get(name, 0)) for name in ("failures", "errors", "tests")}
    passed = found["tests"] - found["failures"] - found["errors"]
    return Outcome(found["failures"], found["errors"], passed, done.stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

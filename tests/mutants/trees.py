"""Runs tests in copies of the tree, several at once, in processes that share their start."""

import importlib
import multiprocessing
import os
import shutil
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest

from tests import templates

ROOT = Path(__file__).resolve().parent.parent.parent
_AT_ONCE = 2
#: What is compiled already goes along: what a bug is in, is younger than that, and compiled anew.
_LEFT_OUT = shutil.ignore_patterns(
    ".*", "node_modules", "test-results", "image", "journey", "*.sqlite3"
)
#: Of other people, and slow to import: done once, before there are any copies.
_HEAVY = (
    "boto3 celery django.db.models django.test httpx moto.ecr.models "
    "moto.ecs.models moto.iam.models moto.ec2.models moto.logs.models orjson "
    "moto.servicediscovery.models pydantic_settings redis structlog"
).split()
_OURS = {"bench", "dashboard", "deployments", "router", "sandbox", "tests"}

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome:
    """What tests did: how many failed, and how many could not even run."""

    passed: int
    failures: int
    errors: int
    printed: str

    @property
    def is_fine(self) -> bool:
        return self.passed > 0 and not self.failures and not self.errors

    @property
    def is_noticed(self) -> bool:
        """By a test that failed, and not because nothing works any more."""
        return self.failures > 0 and self.errors == 0


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the tree as it is."""
    with TemporaryDirectory(prefix="edaha-mutants-") as folder:
        tree = Path(folder, "right")
        shutil.copytree(ROOT, tree, ignore=_LEFT_OUT)
        if templates.FOLDER.exists():
            shutil.copytree(templates.FOLDER, tree / templates.FOLDER.relative_to(ROOT))
        yield tree


def side_by_side(work: Callable[[Job], Result], jobs: Iterable[Job]) -> Iterator[Result]:
    """Do each job in a process of its own; results in order."""
    for module in _HEAVY:
        importlib.import_module(module)
    with multiprocessing.get_context("fork").Pool(_AT_ONCE, maxtasksperchild=1) as pool:
        yield from pool.imap(work, jobs, chunksize=1)


def run_with(tree: Path, file: str, text: str, tests: Iterable[str]) -> Outcome:
    """Run tests in another copy of `tree`, in which `file` says `text`."""
    with TemporaryDirectory(dir=tree.parent) as folder:
        copy = Path(folder, "tree")
        shutil.copytree(tree, copy, copy_function=os.link)
        if file:
            (copy / file).unlink()
            (copy / file).write_text(text)
        return _run(copy, tests)


def _run(tree: Path, tests: Iterable[str]) -> Outcome:
    """Within a process that ends afterwards."""
    report, printed = tree / "report.xml", tree / "printed.txt"
    os.chdir(tree)
    sys.path[:] = [str(tree), *(path for path in sys.path if Path(path).resolve() != ROOT)]
    for module in list(sys.modules):
        if module.partition(".")[0] in _OURS and not module.startswith(__package__):
            del sys.modules[module]
    sys.dont_write_bytecode = True
    # What tests leave in temporary folders goes away with the copy.
    tempfile.tempdir = str(tree.parent)
    with printed.open("w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        pytest.main(["-q", "-x", "-p", "no:cacheprovider", f"--junit-xml={report}", *tests])
        sys.stdout.flush()
    if not report.exists():
        return Outcome(0, 0, 1, printed.read_text())
    suite = next(ET.parse(report).getroot().iter("testsuite"))
    count = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    passed = count["tests"] - count["failures"] - count["errors"] - count["skipped"]
    return Outcome(passed, count["failures"], count["errors"], printed.read_text())

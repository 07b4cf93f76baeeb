"""Walks one way through, job by job, and at each of its points lets a worker die."""

import gc
import hashlib
import os
import pickle
import shutil
import sqlite3
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from django.db import connection, connections

from deployments import reconcile
from deployments.config import config
from deployments.models import Branch, Transition

from .crash import Job, work
from .world import WORKERS, World, forget

Result = TypeVar("Result")
#: Before a test has a clock of its own.
_TODAY = date.today().toordinal()
_WORDS = {"notification", "wake-up", "GET of the preview"}
_READS = ("Describe", "List", "Get", "BatchGet")
Act = Callable[[World, Branch], None]


class Ending(NamedTuple):
    """What people do after the kill, and what has to be so once all is quiet."""

    people_do: Act
    check: Act


class Paths:
    """Every point of one way through, what happens after a kill there, and how it has to end."""

    def __init__(
        self, world: World, branch: Branch, endings: Mapping[str, Ending], *, share: int = 1
    ) -> None:
        """With a `share` of 3, every third moment is tried: another third each day."""
        self._world, self._branch, self._endings = world, branch, endings
        self._share, self._turn = share, _TODAY
        self.points: list[str] = []
        #: Those of them at which a worker was killed.
        self.tried: list[str] = []
        self.kills = 0
        self.problems: list[str] = []
        #: States that a kill left: what goes on from one that was seen before, ends alike.
        self._seen: set[str] = set()

    @property
    def figures(self) -> str:
        return (
            f"{len(self.points)} points found, {len(self.tried)} tried by {self.kills} SIGKILLs; "
            f"{len(self._seen)} different states were left, each with {len(self._endings)} "
            f"endings, of which {len(self.problems)} were wrong"
        )

    def walk(self) -> None:
        # Or else the copies of this process would copy its memory for real, by collecting garbage.
        gc.collect()
        gc.freeze()
        try:
            for name, job in self._jobs():
                self._die_everywhere(name, job)
                done = work(job, self._world.cloud, self._world.ears)
                assert done is not None
                self._world.ears.wakeups += done.wakeups
        finally:
            gc.unfreeze()

    def _jobs(self) -> Iterator[tuple[str, Job]]:
        """What workers do one after the other; each has been done when the next is asked for."""
        world, step = self._world, 1
        while True:
            while heard := world.ears.take():
                for task, ids, _ in dict.fromkeys(heard):
                    yield task, partial(WORKERS[task], *ids)
            if world.is_quiet():
                return
            world.clock.shift(step)
            moves = Transition.objects.count()
            yield "tick", reconcile.tick
            step = 1 if Transition.objects.count() > moves else min(2 * step, 30)

    def _die_everywhere(self, name: str, job: Job) -> None:
        with _Files(self._world) as files:
            points = _aside(partial(self._watched, job))
            self.points += [f"{name}, {point}" for point in points]
            for moment in _moments(points):
                self._turn += 1
                if self._turn % self._share == 0:
                    files.restore()
                    self._die_at(moment, points, name, job)
            files.restore()

    def _watched(self, job: Job) -> list[str]:
        done = work(job, self._world.cloud, self._world.ears)
        assert done is not None
        return done.points

    def _die_at(self, moment: list[int], points: list[str], name: str, job: Job) -> None:
        where = [f"{name}, {points[at]}" for at in moment]
        state, problems = _aside(partial(self._killed_at, moment[0], job))
        self.kills += 1
        self.tried += where
        self._seen.add(state)
        self.problems += [f"Killed at {where}, {problem}" for problem in problems]

    def _killed_at(self, at: int, job: Job) -> tuple[str, list[str]]:
        world, calls = self._world, len(self._world.cloud.calls)
        killed = work(job, world.cloud, world.ears, kill_at=at)
        assert killed is None, "it lived: the points are others than before"
        changes = [call for call in world.cloud.calls[calls:] if not _reads(call)]
        state = _digest(changes)
        if state in self._seen:
            return state, []
        world.ears.take()
        forget()
        problems = []
        with _Files(self._world) as files:
            for name, ending in self._endings.items():
                problem = _aside(partial(self._end, ending))
                problems += [f"then {name}: {problem}"] if problem else []
                files.restore()
        return state, problems

    def _end(self, ending: Ending) -> str:
        try:
            ending.people_do(self._world, self._branch)
            self._world.settle()
            ending.check(self._world, self._branch)
        except Exception:
            return traceback.format_exc()[-3000:]
        return ""


def _moments(points: list[str]) -> list[list[int]]:
    """Points that are one moment for all that outlives a worker: between them nothing is done.

    After one thing and before the next is one moment. So are those before and after a mere look,
    and before and after a word to Redis, which may get lost anyway.
    """
    moments: list[list[int]] = []
    for at, point in enumerate(points):
        if moments and _does_nothing(points[at - 1], point):
            moments[-1].append(at)
        else:
            moments.append([at])
    return moments


def _does_nothing(earlier: str, later: str) -> bool:
    if later.startswith("before "):
        return earlier.startswith("after ")
    what = later.removeprefix("after ")
    return what in _WORDS or (earlier == f"before {what}" and _reads(what))


def _aside(act: Callable[[], Result]) -> Result:
    """Do it in a copy of this process: what it does to AWS and to the clock is gone with it."""
    connections.close_all()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            with os.fdopen(writer, "wb") as pipe:
                pickle.dump(act(), pipe)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(pid, 0)
    assert status == 0, f"the copy ended with {status}"
    result: Result = pickle.loads(told)
    return result


class _Files:
    """What workers leave in files, and the way back to it: database, cache, the origin's head."""

    def __init__(self, world: World) -> None:
        self._origin = world.origin
        self._database = Path(connection.settings_dict["NAME"])

    def __enter__(self) -> "_Files":
        connections.close_all()
        self._listing = _listing()
        self._head = self._origin.git("rev-parse", "main")
        self._kept = tempfile.TemporaryDirectory()
        shutil.copyfile(self._database, Path(self._kept.name, "database"))
        shutil.copytree(config().cache, Path(self._kept.name, "cache"), symlinks=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.cleanup()

    def restore(self) -> None:
        connections.close_all()
        for suffix in ("-wal", "-shm"):
            Path(f"{self._database}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(Path(self._kept.name, "database"), self._database)
        if _listing() != self._listing:
            shutil.rmtree(config().cache)
            shutil.copytree(Path(self._kept.name, "cache"), config().cache, symlinks=True)
            self._listing = _listing()
        if (self._origin.path / ".git/refs/heads/main").read_text().strip() != self._head:
            self._origin.git("reset", "--quiet", "--hard", self._head)


def _listing() -> list[tuple[str, int, int]]:
    """Every file of the cache, its size and the time of its last change."""
    root = config().cache
    root.mkdir(parents=True, exist_ok=True)
    found = []
    for path in sorted(root.rglob("*")):
        about = path.lstat()
        size, changed = (0, 0) if path.is_dir() else (about.st_size, about.st_mtime_ns)
        found.append((str(path), size, changed))
    return found


def _digest(changes: list[str]) -> str:
    """What would be different for whoever goes on: rows, files, and what AWS was told."""
    files = [(path, size) for path, size, _ in _listing()]
    database = sqlite3.connect(connection.settings_dict["NAME"])
    try:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        rows = [
            (name, database.execute(f'SELECT * FROM "{name}"').fetchall()) for (name,) in tables
        ]
    finally:
        database.close()
    return hashlib.sha256(repr((changes, files, rows)).encode()).hexdigest()


def _reads(call: str) -> bool:
    return call.partition(".")[2].startswith(_READS)

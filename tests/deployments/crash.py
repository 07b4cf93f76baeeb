"""A worker in a process of its own, which is killed at a chosen point: SIGKILL, no last words.

The test's process keeps what outlives a worker: AWS, the clock, Redis. The database and the cache
folder are files. What a worker does from outside of its memory is found by watching it: each SQL
write and COMMIT, call to AWS, process, HTTP request, word to Redis, and change of a file.
"""

import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from moto.core.botocore_stubber import MockRawResponse

from deployments.adapters import buildx
from deployments.config import config
from deployments.models.logwriter import LogWriter

from .cloud import Cloud
from .ears import Ears, WakeUp
from .world import Router

Call = Callable[..., Any]
#: What a process is asked to do, and what came of it: None where it was killed.
Job = Callable[[], None]


#: Where Django's transactions end; its stubs do not know it.
_COMMIT: Call = vars(BaseDatabaseWrapper)["_commit"]


class Done(NamedTuple):
    """What a worker that lived to its end has said, and every point that it passed."""

    wakeups: list[WakeUp]
    points: list[str]


class Inline(Executor):
    """AWS calls side by side have no order that could be repeated: here, one after the other."""

    def submit(self, fn: Call, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as problem:
            future.set_exception(problem)
        return future


def work(job: Job, cloud: Cloud, ears: Ears, *, kill_at: int | None = None) -> Done | None:
    """Have a new process do `job`; None when it was killed at point `kill_at`."""
    connections.close_all()
    mine, others = _pipe()
    pid = os.fork()
    if pid == 0:
        try:
            mine.close()
            _Worker(others, cloud, ears, kill_at).do(job)
        finally:
            os._exit(1)
    others.close()
    done = _serve(mine, cloud)
    mine.close()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL and kill_at is not None
        return None
    assert status == 0 and done is not None, "the worker broke down"
    return done


def _pipe() -> tuple[Connection, Connection]:
    one, other = socket.socketpair()
    return Connection(one.detach()), Connection(other.detach())


def _serve(worker: Connection, cloud: Cloud) -> Done | None:
    """Be AWS for a worker until it has ended."""
    done = None
    while True:
        try:
            message = worker.recv()
        except (EOFError, ConnectionResetError):
            return done
        if isinstance(message, Done):
            done = message
            continue
        event, request = message
        answer = cloud.send(AWSPreparedRequest(*request), event)
        reply = (answer.status_code, dict(answer.headers), answer.content)
        try:
            worker.send(reply)
        except BrokenPipeError:
            return done


class _Worker:
    """What happens in the new process."""

    def __init__(self, line: Connection, cloud: Cloud, ears: Ears, kill_at: int | None) -> None:
        self._line, self._cloud, self._ears = line, cloud, ears
        self._kill_at = kill_at
        self._points: list[str] = []
        self._is_in_process = False

    def do(self, job: Job) -> None:
        random.seed(1)
        self._ears.take()
        self._watch()
        job()
        connections.close_all()
        self._line.send(Done(self._ears.take(), self._points))
        os._exit(0)

    def _reach(self, point: str) -> None:
        if len(self._points) == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self._points.append(point)

    def _around(self, name: str, call: Call) -> Call:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self._reach(f"before {name}")
            result = call(*args, **kwargs)
            self._reach(f"after {name}")
            return result

        return watched

    def _watch(self) -> None:
        patches: list[tuple[Any, str, Call]] = [
            (Cloud, "send", lambda _, request, event: self._send(request, event)),
            (BaseDatabaseWrapper, "_commit", self._around("COMMIT", _COMMIT)),
            (subprocess, "Popen", self._popen()),
            (Router, "__call__", self._around("GET of the preview", Router.__call__)),
            (Ears, "send_task", self._around("wake-up", Ears.send_task)),
            (Ears, "publish", self._around("notification", Ears.publish)),
            (LogWriter, "line", _line_by_line),
            *(
                (buildx, name, self._around(f"buildx {name}", getattr(buildx, name)))
                for name in ("build", "inspect", "export_cache", "remove_local")
            ),
        ]
        for owner, name, call in patches:
            setattr(owner, name, call)
        connection_created.connect(self._watch_connection)
        sys.addaudithook(self._audit)

    def _send(self, request: AWSPreparedRequest, event: str) -> AWSResponse:
        call = event.removeprefix("before-send.")
        self._reach(f"before {call}")
        parts = (request.method, request.url, dict(request.headers), request.body, False)
        self._line.send((event, parts))
        status, _, content = self._line.recv()
        self._reach(f"after {call}")
        return AWSResponse(request.url, status, HTTPHeaders(), MockRawResponse(content))

    def _popen(self) -> type[subprocess.Popen[bytes]]:
        worker = self

        class Watched(subprocess.Popen):  # type: ignore[type-arg]
            def __init__(self, command: list[str], *args: Any, **kwargs: Any) -> None:
                self.name = " ".join(command[:1] + _verb(command))
                self.is_over = False
                worker._reach(f"before {self.name}")
                worker._is_in_process = True
                super().__init__(command, *args, **kwargs)
                worker._is_in_process = False

            def wait(self, timeout: float | None = None) -> int:
                code = super().wait(timeout)
                if not self.is_over:
                    self.is_over = True
                    worker._reach(f"after {self.name}")
                return code

        return Watched

    def _watch_connection(self, connection: BaseDatabaseWrapper, **_: Any) -> None:
        connection.execute_wrappers.append(self._execute)

    def _execute(self, execute: Call, sql: str, params: Any, many: bool, context: Any) -> Any:
        verb, _, rest = sql.partition(" ")
        if verb not in {"INSERT", "UPDATE", "DELETE"}:
            return execute(sql, params, many, context)
        name = f"{verb} {rest.split(chr(34))[1]}"
        return self._around(name, execute)(sql, params, many, context)

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event in {"subprocess.Popen", "os.posix_spawn"} and not self._is_in_process:
            raise AssertionError(f"a process that nobody watches: {args[:2]}")
        if event == "socket.connect":
            raise AssertionError(f"a connection that nobody watches: {args[1]}")
        if event not in _CHANGES or self._is_in_process:
            return
        path = _path_of(args[0], args[-1])
        if not path.startswith(_cache()) or (event == "os.mkdir" and os.path.lexists(path)):
            return
        name = f"{event} {os.path.relpath(path, _cache())}"
        self._reach(f"before {name}")
        _when_it_returns(lambda: self._reach(f"after {name}"))


_CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink"}


def _cache() -> str:
    return str(config().cache.absolute())


def _verb(command: list[str]) -> list[str]:
    """git's own command, behind `-C PATH`."""
    rest = command[3:] if command[1:2] == ["-C"] else command[1:]
    return rest[:1]


def _path_of(path: Any, folder: Any) -> str:
    """The whole path, of a file that may be named from an open folder."""
    named = Path(os.fsdecode(path))
    if isinstance(folder, int) and folder > 0 and not named.is_absolute():
        return str(Path(f"/proc/self/fd/{folder}").readlink() / named)
    return str(named.absolute())


def _when_it_returns(act: Callable[[], None]) -> None:
    """Right after the C function that is being called now, in this thread."""

    def look(frame: FrameType, event: str, what: Any) -> None:
        if event in {"c_return", "c_exception"}:
            sys.setprofile(None)
            act()

    sys.setprofile(look)


_line = LogWriter.line


def _line_by_line(self: LogWriter, text: str, **more: Any) -> None:
    """How many lines share a row depends on the moment: here, each has its own."""
    _line(self, text, **more)
    self.flush()

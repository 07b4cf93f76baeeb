"""Evaluates jsonnet in a process of its own, which can do nothing but compute and ask.

The code comes with a pull request: it may loop, recurse, fill memory or import /etc/passwd. The
child has no environment, an empty folder, limits on memory, time and files; what it imports and
looks up, this side reads for it. The library is go-jsonnet, as in ecspresso.
"""

import base64
import importlib.util
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..definitions.ecspresso import Import, Native
from ..definitions.problems import DefinitionError, Problem, refuse
from ..errors import EdahaError, PlatformError, UserError

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 5
#: Of the child's own time: what it asks for is not counted.
WALL_SECONDS = 10.0
#: Imports and lookups of one evaluation.
MAX_QUESTIONS = 1000
#: Of what is evaluated to, as JSON in a frame.
MAX_RESULT_BYTES = 4 * 1024 * 1024

_CHILD = Path(__file__).with_name("jsonnet_child.py")
#: Of an error's text, from either end: the file's author writes it, and its places come last.
_SHOWN = 2000
_WHERE = re.compile(r"(?m)^[ \t]*([^\s:<>]{1,1000}):\(?([0-9]{1,7}):[0-9]")


def evaluate(
    path: str,
    source: str,
    *,
    imports: Import,
    natives: Mapping[str, Native],
    ext_str: Mapping[str, str],
    ext_code: Mapping[str, str],
) -> str:
    """The JSON that `source`, the file at `path`, stands for.

    Raises DefinitionError with the file and line that jsonnet tells; whatever else `imports` and
    `natives` raise passes through.
    """
    task = {
        "path": path,
        "source": source,
        "natives": {name: native.parameters for name, native in natives.items()},
        "ext_str": dict(ext_str),
        "ext_code": dict(ext_code),
    }
    with tempfile.TemporaryDirectory(prefix="edaha-jsonnet-") as folder:
        process = _start(folder)
        try:
            return _Evaluation(path, source, process, imports, natives).result(task)
        finally:
            _end(process)


def _start(folder: str) -> subprocess.Popen[bytes]:
    library = importlib.util.find_spec("_gojsonnet")
    if library is None or library.origin is None:
        raise PlatformError("Jsonnet cannot be evaluated: the gojsonnet package is missing.")
    # -I -S: neither the folder, the user nor installed packages decide what is imported.
    command = [sys.executable, "-I", "-S", "-B", str(_CHILD), library.origin]
    return subprocess.Popen(
        [*command, str(MEMORY_BYTES), str(CPU_SECONDS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={},
        start_new_session=True,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()


class _Gone(Exception):
    """The child ended, or was too slow, before it gave a result."""


@dataclass
class _Evaluation:
    path: str
    source: str
    process: subprocess.Popen[bytes]
    imports: Import
    natives: Mapping[str, Native]
    left_seconds: float = WALL_SECONDS
    #: What an import or a lookup failed with, which jsonnet tells of as its own error.
    failure: EdahaError | None = None
    #: The file or function that failed so.
    asked: str = ""

    def result(self, task: Mapping[str, Any]) -> str:
        self._await_start()
        try:
            self._send(task)
            for _ in range(MAX_QUESTIONS):
                message = self._receive()
                if "result" in message:
                    return str(message["result"])
                if "error" in message:
                    raise self._problem(str(message["error"]))
                self._send(self._answer(message))
        except (_Gone, BrokenPipeError):
            raise self._exhausted() from None
        except RecursionError:
            raise refuse(self.path, "What a native function is given is nested too deep.") from None
        raise refuse(self.path, f"This imports or looks up more than {MAX_QUESTIONS} times.")

    def _await_start(self) -> None:
        """Whatever ends the child before it is ready is none of the repository's fault."""
        try:
            self._receive()
        except _Gone:
            raise PlatformError("Jsonnet could not be started.", retry=True) from None
        self.left_seconds = WALL_SECONDS

    def _answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        self.asked = question["import"][1] if "import" in question else question["native"][0]
        try:
            if "import" in question:
                path, content = self.imports(*question["import"])
                return {"path": path, "content": base64.b64encode(content).decode()}
            name, arguments = question["native"]
            return {"value": self.natives[name].call(arguments)}
        except EdahaError as problem:
            self.failure = problem
            return {"failure": problem.message}

    # Frames

    def _send(self, message: Mapping[str, Any]) -> None:
        content = json.dumps(message).encode()
        if self.process.stdin is None:
            raise _Gone
        self.process.stdin.write(len(content).to_bytes(4, "big") + content)
        self.process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        size = int.from_bytes(self._read(4), "big")
        if size > MAX_RESULT_BYTES:
            raise refuse(self.path, f"This evaluates to more than {MAX_RESULT_BYTES:,} bytes.")
        found: dict[str, Any] = json.loads(self._read(size))
        return found

    def _read(self, size: int) -> bytes:
        parts: list[bytes] = []
        pipe = self.process.stdout
        if pipe is None:
            raise _Gone
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while size:
                started = time.monotonic()
                if not selector.select(max(self.left_seconds, 0)):
                    raise _Gone
                self.left_seconds -= time.monotonic() - started
                part = os.read(pipe.fileno(), size)
                if not part:
                    raise _Gone
                parts.append(part)
                size -= len(part)
        return b"".join(parts)

    # Errors

    def _problem(self, text: str) -> EdahaError:
        """jsonnet's error, told where it happened."""
        if self.failure and not isinstance(self.failure, DefinitionError | UserError):
            return self.failure
        text = _shortened(text)
        found = _WHERE.search(text)
        file, line = (found[1], int(found[2])) if found else (self.path, None)
        if self.failure:
            # jsonnet may have had no breath left to say where.
            line = line or _line_with(self.source, self.asked)
            return DefinitionError([Problem(file, line, self.failure.message, self.failure.hint)])
        return refuse(file, _message(text), line=line, hint=_hint(text))

    def _exhausted(self) -> DefinitionError:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=1)
        if self.process.returncode in (None, -signal.SIGXCPU, -signal.SIGKILL):
            return refuse(
                self.path,
                f"Evaluating this took more than {CPU_SECONDS} seconds.",
                hint="Look for a recursion that doubles its work with each step.",
            )
        return refuse(
            self.path,
            f"Evaluating this took more than {MEMORY_BYTES // 1024 // 1024} MB of memory.",
            hint="Look for a recursion without an end, or a list that grows with each step.",
        )


def _line_with(source: str, name: str) -> int | None:
    """The only line that has `name`."""
    found = [number for number, line in enumerate(source.split("\n"), start=1) if name in line]
    return found[0] if len(found) == 1 else None


def _shortened(text: str) -> str:
    if len(text) <= 2 * _SHOWN:
        return text
    return f"{text[:_SHOWN]}…\n{text[-_SHOWN:]}"


def _message(text: str) -> str:
    """The first line of jsonnet's error, without what is told otherwise."""
    first = text.strip().split("\n")[0]
    first = re.sub(r"^RUNTIME ERROR: ", "", first)
    first = re.sub(r"^\S+:\(?\d+:\d+\)?(?:-\(?\d+(?::\d+\))?)? ", "", first)
    return f"{first.rstrip('. ') or 'This fails without a message'}."


def _hint(text: str) -> str:
    if "max stack frames" in text:
        return "Look for a function or a field that needs itself."
    if "Unexpected type null, expected function" in text:
        return "std.native gives null for a function that no plugin of ecspresso.yml makes."
    return ""

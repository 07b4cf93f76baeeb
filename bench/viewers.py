"""A thousand open lists on one process: what a change costs, how late it is, and what they hold."""

import asyncio
import json
import os
import re
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg
import redis

from .listing import prepare, sign_in
from .many import fill
from .network import free_port
from .postgres import postgres
from .processes import run as run_command
from .processes import serving, valkey
from .receivers import NODE, create, settings, uvicorn
from .report import NotMeasured, Row

VIEWERS = 1000
ROUNDS = 3
CHANGES = 40
#: Seconds between two changes.
PAUSE = 0.2
#: What one line of the list is as a frame, in bytes.
FRAME = 2600
GOAL = 1.6
#: Where a web process of an installation without a name of its own listens.
_CHANNEL = "edaha:changes"
_SENT = re.compile(rb"at (\d{19})")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    name: str
    url: str
    cookie: str
    process: int


class Round(NamedTuple):
    cpu_us: float
    p50: float
    p99: float
    kib: float


def run() -> list[Row]:
    if not shutil.which("node") or not shutil.which("npm"):
        raise NotMeasured("node or npm is not installed")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    found: dict[str, list[Round]] = {"ours": [], "node": []}
    with _servers() as (servers, change):
        for _ in range(ROUNDS):
            for server in servers:
                found[server.name].append(asyncio.run(_watch(server, change)))
    ours, theirs = _middle(found["ours"]), _middle(found["node"])
    ratio = ours.cpu_us / theirs.cpu_us
    goal = f"at most {GOAL:g} times the CPU"
    what = f"{VIEWERS:,} viewers of the list, a frame, against Node + pg"
    return [Row(what, _said(ours), _said(theirs), ratio, goal, ratio <= GOAL)]


def _middle(rounds: list[Round]) -> Round:
    """Memory that the first round took is there for the next ones."""
    middle = Round(*map(median, zip(*rounds, strict=True)))
    return middle._replace(kib=max(round_.kib for round_ in rounds))


@dataclass
class Change:
    """Moves one preview, and tells both servers the way that each listens."""

    database: str
    redis_url: str
    number: int = 0
    branches: list[int] = field(default_factory=list)

    def __call__(self) -> None:
        self.number += 1
        with psycopg.connect(self.database) as connection:
            if not self.branches:
                rows = connection.execute("SELECT id FROM deployments_branch LIMIT 50")
                self.branches = [row[0] for row in rows]
            branch = self.branches[self.number % len(self.branches)]
            connection.execute(
                "UPDATE deployments_branch SET title = %s, updated_at = now() WHERE id = %s",
                (f"at {time.time_ns()}", branch),
            )
            connection.execute("SELECT pg_notify('hints', %s)", (f"{branch} {FRAME}",))
        client = redis.Redis.from_url(self.redis_url)
        client.publish(_CHANNEL, json.dumps({"branch": branch}))
        client.close()


@contextmanager
def _servers() -> Iterator[tuple[list[Server], Change]]:
    with ExitStack() as end:
        server = end.enter_context(postgres(is_durable=True))
        redis_url = end.enter_context(valkey())
        data = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="edaha-bench-")))
        create(server, "ours")
        environment = settings(data, redis_url, f"{server}/ours")
        person = prepare(environment)
        fill(f"{server}/ours", 1000, 10)
        port = free_port()
        ours = end.enter_context(uvicorn("dashboard.asgi:application", port, environment))
        cookie = sign_in(f"http://localhost:{port}", person)
        stream = f"http://localhost:{port}/branches/stream"
        node_port = free_port()
        for name in ("package.json", "events.js"):
            shutil.copy(NODE / name, data)
        run_command("npm", "install", "--no-audit", "--no-fund", "--silent", cwd=data)
        values = {"DATABASE_URL": f"{server}/ours", "PORT": str(node_port)}
        node = end.enter_context(serving(["node", str(data / "events.js")], node_port, values))
        yield (
            [
                Server("ours", stream, cookie, ours),
                Server("node", f"http://localhost:{node_port}/", cookie, node),
            ],
            Change(f"{server}/ours", redis_url),
        )


async def _watch(server: Server, change: Change) -> Round:
    before = _memory(server.process)
    viewers = [Viewer(server) for _ in range(VIEWERS)]
    for first in range(0, VIEWERS, 50):
        await asyncio.gather(*(viewer.open() for viewer in viewers[first : first + 50]))
    await asyncio.sleep(2)
    held = (_memory(server.process) - before) / VIEWERS
    for viewer in viewers:
        viewer.late.clear()
    began = _cpu(server.process)
    for _ in range(CHANGES):
        await asyncio.to_thread(change)
        await asyncio.sleep(PAUSE)
    await asyncio.sleep(2)
    spent = _cpu(server.process) - began
    late = [seconds for viewer in viewers for seconds in viewer.late]
    for viewer in viewers:
        viewer.close()
    if len(late) < VIEWERS * CHANGES:
        raise NotMeasured(f"{server.name}: {len(late)} of {VIEWERS * CHANGES} frames arrived")
    cut = quantiles(late, n=100)
    return Round(spent / len(late) * 1e6, cut[49] * 1000, cut[98] * 1000, held / 1024)


class Viewer(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self._server = server
        self._opened: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._last = b""
        self.late: list[float] = []

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._opened = loop.create_future()
        address = urlsplit(self._server.url)
        self._transport, _ = await loop.create_connection(
            lambda: self, "127.0.0.1", address.port or 80
        )
        request = (
            f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Cookie: {self._server.cookie}\r\nAccept: text/event-stream\r\n\r\n"
        )
        self._transport.write(request.encode())
        await asyncio.wait_for(self._opened, 60)

    def data_received(self, data: bytes) -> None:
        if self._opened and not self._opened.done():
            self._opened.set_result(None)
        # A frame says it several times, and may come in several parts.
        if (found := _SENT.search(data)) and found[1] != self._last:
            self._last = found[1]
            self.late.append(time.time() - int(found[1]) / 1e9)

    def close(self) -> None:
        if self._transport:
            self._transport.close()


def _cpu(process: int) -> float:
    """Seconds that a process has computed."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory(process: int) -> int:
    """Bytes that a process holds."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _said(found: Round) -> str:
    return (
        f"{found.cpu_us:.0f} µs CPU, p50 {found.p50:.0f} ms, p99 {found.p99:.0f} ms, "
        f"{found.kib:.0f} KiB a viewer"
    )

"""The three receivers that are compared, each one process on the same PostgreSQL."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from .network import free_port
from .postgres import postgres
from .processes import ROOT, manage, run, serving, valkey
from .report import NotMeasured

SECRET = "only for this measurement"
NODE = ROOT / "bench" / "node"


@dataclass(frozen=True)
class Receiver:
    name: str
    port: int
    #: Where its rows come to lie; empty for SQLite.
    database: str = ""

    def rows(self) -> int:
        with psycopg.connect(self.database) as connection:
            row = connection.execute("SELECT count(*) FROM deployments_delivery").fetchone()
        assert row is not None
        return int(row[0])

    def empty(self) -> None:
        """So that no round pays for the rows of the rounds before it."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("TRUNCATE deployments_delivery CASCADE")
            connection.execute("CHECKPOINT")


@contextmanager
def on_postgres() -> Iterator[dict[str, Receiver | NotMeasured]]:
    """`ours`, `plain` and `node`, running; or why one is not."""
    with ExitStack() as end:
        server = end.enter_context(postgres(is_durable=True))
        redis = end.enter_context(valkey())
        data = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="edaha-bench-")))
        create(server, "ours")
        environment = settings(data, redis, f"{server}/ours")
        manage("migrate", "--verbosity", "0", environment=environment)
        for copy in ("plain", "node"):
            create(server, copy, "ours")

        port = free_port()
        end.enter_context(uvicorn("dashboard.asgi:application", port, environment))
        started: dict[str, Receiver | NotMeasured] = {
            "ours": Receiver("ours", port, f"{server}/ours")
        }
        port = free_port()
        environment = settings(data, redis, f"{server}/plain")
        end.enter_context(uvicorn("bench.plain.asgi:application", port, environment))
        started["plain"] = Receiver("plain", port, f"{server}/plain")
        try:
            started["node"] = end.enter_context(_node(f"{server}/node"))
        except NotMeasured as why:
            started["node"] = why
        yield started


@contextmanager
def on_sqlite() -> Iterator[Receiver]:
    with valkey() as redis, tempfile.TemporaryDirectory(prefix="edaha-bench-") as data:
        environment = settings(Path(data), redis, "")
        manage("migrate", "--verbosity", "0", environment=environment)
        port = free_port()
        with uvicorn("dashboard.asgi:application", port, environment):
            yield Receiver("SQLite", port)


def settings(data: Path, redis: str, database: str) -> dict[str, str]:
    return {
        "EDAHA_DATA": str(data),
        "EDAHA_SECRET_KEY": "for measuring only, and of no value to anybody",
        "EDAHA_DATABASE_URL": database,
        "EDAHA_REDIS_URL": redis,
        "EDAHA_WEBHOOK_SECRET": SECRET,
        "EDAHA_LOG_LEVEL": "ERROR",
    }


@contextmanager
def uvicorn(application: str, port: int, environment: Mapping[str, str]) -> Iterator[int]:
    command = [sys.executable, "-W", "ignore", "-m", "uvicorn", application, "--port", str(port)]
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    with serving(
        [*command, *options, "--timeout-graceful-shutdown", "1"], port, environment
    ) as process:
        yield process


@contextmanager
def _node(database: str) -> Iterator[Receiver]:
    for program in ("node", "npm"):
        if not shutil.which(program):
            raise NotMeasured(f"{program} is not installed")
    port = free_port()
    environment = {"DATABASE_URL": database, "WEBHOOK_SECRET": SECRET, "PORT": str(port)}
    with tempfile.TemporaryDirectory(prefix="edaha-bench-node-") as folder:
        for name in ("package.json", "server.js"):
            shutil.copy(NODE / name, folder)
        run("npm", "install", "--no-audit", "--no-fund", "--silent", cwd=Path(folder))
        with serving(["node", str(Path(folder) / "server.js")], port, environment):
            yield Receiver("Node + pg", port, database)


def create(server: str, name: str, template: str = "template1") -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")

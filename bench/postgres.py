"""A PostgreSQL server of its own for each run: nothing shared, nothing left behind."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .network import free_port
from .report import NotMeasured


class Server:
    """One server, which can be stopped as a power failure does it, and started again."""

    def __init__(self, folder: Path, *, is_durable: bool) -> None:
        self._programs = _find_programs()
        self._account = _unprivileged_account()
        self._folder, self._switch = folder, "on" if is_durable else "off"
        self._port = free_port()
        self.url = f"postgresql://edaha@127.0.0.1:{self._port}"
        if self._account:
            shutil.chown(folder, self._account.pw_uid, self._account.pw_gid)
        self._do("initdb", "-U", "edaha", "-A", "trust", "-E", "UTF8", "--locale=C")

    def start(self) -> None:
        options = (
            f"-c port={self._port} -c listen_addresses=127.0.0.1 "
            f"-c unix_socket_directories={self._folder} -c fsync={self._switch} "
            f"-c full_page_writes={self._switch} -c synchronous_commit={self._switch}"
        )
        self._do("pg_ctl", "-w", "-l", "log", "-o", options, "start")

    def stop(self) -> None:
        """At once: connections end in the middle of what they do."""
        self._do("pg_ctl", "-m", "immediate", "stop")

    def _do(self, program: str, *arguments: str) -> None:
        command = [program, "-D", "data", *arguments]
        _run(self._programs, command, self._folder, self._account)


@contextmanager
def postgres(*, is_durable: bool = False) -> Iterator[str]:
    """Its URL, without a database's name at the end."""
    with postgres_server(is_durable=is_durable) as server:
        yield server.url


@contextmanager
def postgres_server(*, is_durable: bool = False) -> Iterator[Server]:
    """A running server.

    A durable one has every commit on disk before it answers, as in production; tests have no
    use for that.
    """
    folder = Path(tempfile.mkdtemp(prefix="edaha-postgres-"))
    try:
        server = Server(folder, is_durable=is_durable)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(
    programs: Path, command: list[str], folder: Path, account: pwd.struct_passwd | None
) -> None:
    done = subprocess.run(
        [str(programs / command[0]), *command[1:]],
        cwd=folder,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        stdout=subprocess.PIPE if command[0] == "initdb" else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if "start" in command else subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise NotMeasured(
            f"{command[0]} failed: {(done.stderr or done.stdout or '').strip()[-300:]}"
        )


def _find_programs() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    if installed:
        return installed[-1].parent
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    raise NotMeasured("PostgreSQL is not installed (Debian's package postgresql)")


def _version(initdb: Path) -> int:
    name = initdb.parent.parent.name
    return int(name) if name.isdigit() else 0


def _unprivileged_account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NotMeasured("PostgreSQL does not run as root, and there is no other account")

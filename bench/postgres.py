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


@contextmanager
def postgres(*, is_durable: bool = False) -> Iterator[str]:
    """Its URL, without a database's name at the end.

    A durable one has every commit on disk before it answers, as in production; tests have no
    use for that.
    """
    switch = "on" if is_durable else "off"
    programs = _find_programs()
    account = _unprivileged_account()
    folder = Path(tempfile.mkdtemp(prefix="edaha-postgres-"))
    port = free_port()
    try:
        if account:
            shutil.chown(folder, account.pw_uid, account.pw_gid)
        initdb = ["initdb", "-D", "data", "-U", "edaha", "-A", "trust", "-E", "UTF8", "--locale=C"]
        _run(programs, initdb, folder, account)
        options = (
            f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} "
            f"-c fsync={switch} -c full_page_writes={switch} -c synchronous_commit={switch}"
        )
        start = ["pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start"]
        _run(programs, start, folder, account)
        try:
            yield f"postgresql://edaha@127.0.0.1:{port}"
        finally:
            _run(programs, ["pg_ctl", "-D", "data", "-m", "immediate", "stop"], folder, account)
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

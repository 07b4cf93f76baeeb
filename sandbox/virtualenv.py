"""The project's Python environments, made and kept up to date.

    python3 sandbox/virtualenv.py [--dev] ARGUMENT ...

runs `.venv/bin/python ARGUMENT ...` and first installs what is missing. It runs
under the system's own Python, before anything is installed: standard library only.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ROOT / ".venv"
EMULATOR = ROOT / ".venv-emulator"
OLDEST_PYTHON = (3, 11)


class SetupError(Exception):
    """An environment cannot be made; the message is one line for a person to act on."""


def ensure(environment: Path, *requirements: Path) -> Path:
    """The environment's python, with the requirement files' present content installed.

    Safe when several processes call it at once. Costs a few file reads when nothing changed.
    """
    wanted = {path.name: _fingerprint(path) for path in requirements}
    python = environment / "bin" / "python"
    if _missing(environment, wanted):
        with _locked():
            missing = _missing(environment, wanted)  # somebody else may have done it meanwhile
            if missing:
                _create_unless_usable(environment)
                for path in requirements:
                    if path.name in missing:
                        _install(python, path)
                        _note(environment, path.name, wanted[path.name])
    return python


def _fingerprint(requirements: Path) -> str:
    """What decides whether an installation is up to date: the pins and the Python version."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for line in requirements.read_text().splitlines():
        if line.startswith("-r "):
            digest.update(_fingerprint(requirements.parent / line[3:].strip()).encode())
        digest.update(line.split("#")[0].strip().encode() + b"\n")
    return digest.hexdigest()


def _missing(environment: Path, wanted: dict[str, str]) -> set[str]:
    if not (environment / "bin" / "python").exists():
        return set(wanted)
    installed = _installed(environment)
    return {name for name, fingerprint in wanted.items() if installed.get(name) != fingerprint}


def _installed(environment: Path) -> dict[str, str]:
    try:
        notes = json.loads((environment / "installed.json").read_text())
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}


def _note(environment: Path, name: str, fingerprint: str) -> None:
    notes = _installed(environment) | {name: fingerprint}
    partial = environment / "installed.json.new"
    partial.write_text(json.dumps(notes))
    partial.replace(environment / "installed.json")


@contextmanager
def _locked() -> Iterator[None]:
    """One installation at a time. The checkout's folder is the lock: no file is left behind."""
    checkout = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(checkout, fcntl.LOCK_EX)
        yield
    finally:
        os.close(checkout)


def _create_unless_usable(environment: Path) -> None:
    python = environment / "bin" / "python"
    if (
        python.exists()
        and subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0
    ):
        return
    _say(f"Creating {environment.name}")
    created = _create(environment)
    if created.returncode != 0 and "ensurepip" in created.stdout + created.stderr:
        _install_venv_package()
        created = _create(environment)
    if created.returncode != 0:
        raise SetupError(f"cannot create {environment}: {_last_line(created)}")


def _create(environment: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "venv", "--clear", environment],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


def _install_venv_package() -> None:
    """Debian keeps the part of `venv` that brings pip in a package of its own."""
    package = "python3-venv"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetupError(f"Python's venv module is incomplete: install {package}")
    _say(f"Installing {package}")
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", package],
    ):
        done = subprocess.run(command, capture_output=True, text=True, env=quiet)
    if done.returncode != 0:
        raise SetupError(f"cannot install {package}: {_last_line(done)}")


def _install(python: Path, requirements: Path) -> None:
    _say(f"Installing {requirements.relative_to(ROOT)} into {python.parent.parent.name}")
    done = subprocess.run(
        [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
            requirements,
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    if done.returncode != 0:
        raise SetupError(f"cannot install {requirements.name}: {_last_line(done)}")


def _last_line(done: "subprocess.CompletedProcess[str]") -> str:
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"exit status {done.returncode}"


def _say(message: str) -> None:
    print(f"{message} …", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> None:
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            f"Edaha needs Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer; "
            f"{sys.executable} is {sys.version.split()[0]}"
        )
    requirements = [ROOT / "requirements.txt"]
    if arguments[:1] == ["--dev"]:
        del arguments[0]
        requirements = [ROOT / "requirements-dev.txt"]
    try:
        python = ensure(PRODUCT, *requirements)
    except SetupError as error:
        sys.exit(f"Edaha: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    os.execv(python, [str(python), *arguments])  # nosec B606


if __name__ == "__main__":
    main(sys.argv[1:])

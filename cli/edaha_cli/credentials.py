"""Tokens, kept for each server in a file that only its owner reads."""

import json
import os
import tempfile
from pathlib import Path

from .errors import NotAllowed, Usage


def path() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "edaha" / "credentials"


def from_environment() -> str:
    return os.environ.get("EDAHA_TOKEN", "").strip()


def token_for(server: str) -> str:
    """`EDAHA_TOKEN`, or what `edaha login` kept for that server."""
    token = from_environment() or kept_for(server)
    if not token:
        raise NotAllowed(
            f"Nobody is signed in at {server}.", "Run `edaha login`, or set EDAHA_TOKEN."
        )
    return token


def kept_for(server: str) -> str:
    """Empty where none is kept."""
    return _read().get(server, "")


def keep(server: str, token: str) -> None:
    _write(_read() | {server: token})


def forget(server: str) -> None:
    _write({known: token for known, token in _read().items() if known != server})


def _write(kept: dict[str, str]) -> None:
    """Whoever reads meanwhile finds the old file or the new one, never a part."""
    file = path()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent)  # readable by its owner alone
        with os.fdopen(handle, "w") as new:
            json.dump(kept, new, indent=2)
        Path(name).replace(file)
    except OSError as problem:
        raise Usage(f"{file} cannot be written: {problem.strerror}") from None


def _read() -> dict[str, str]:
    try:
        kept = json.loads(path().read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise Usage(f"{path()} cannot be read: {problem}", "Delete it and sign in again.") from None
    if not isinstance(kept, dict):
        raise Usage(f"{path()} is not what `edaha login` writes.", "Delete it and sign in again.")
    return {str(server): str(token) for server, token in kept.items()}

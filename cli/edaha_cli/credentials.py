"""Tokens, kept for each server in a file that only its owner reads."""

import json
import os
import tempfile
from pathlib import Path

from .errors import NotAllowed, Usage


def path() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "edaha" / "credentials"


def token_for(server: str) -> str:
    """`EDAHA_TOKEN`, or what `edaha login` kept for that server."""
    token = os.environ.get("EDAHA_TOKEN", "").strip() or _read().get(server, "")
    if not token:
        raise NotAllowed(
            f"Nobody is signed in at {server}.", "Run `edaha login`, or set EDAHA_TOKEN."
        )
    return token


def keep(server: str, token: str) -> None:
    """Write it; whoever reads meanwhile finds the old file or the new one, never a part."""
    file = path()
    kept = _read() | {server: token}
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent)  # readable by its owner alone
    with os.fdopen(handle, "w") as new:
        json.dump(kept, new, indent=2)
    Path(name).replace(file)


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

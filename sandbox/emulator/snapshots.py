"""State is written soon after every change, instead of at a clean exit only.

A killed emulator comes back as it was half a second before.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from ministack import app

READING = ("Batch", "Describe", "Discover", "Filter", "Get", "List", "Lookup")
REPEATS = 5
SNAPSHOT_DELAY = 0.5  # seconds after a change, so that a burst of calls makes one snapshot

_changed = threading.Event()


def soon() -> None:
    """To be called after a change that no request made, such as the end of a task."""
    _changed.set()


def may_change(method: str, headers: dict[bytes, bytes]) -> bool:
    """Whether a request can have changed anything; in doubt it can."""
    action = headers.get(b"x-amz-target", b"").rpartition(b".")[2].decode("latin-1")
    return method not in ("GET", "HEAD", "OPTIONS") and not (
        action.startswith(READING) and not action.startswith("BatchDelete")
    )


def _settled(get_state: Callable[[], Any]) -> Callable[[], Any]:
    """MiniStack copies what its other threads go on changing; a copy may have to be repeated."""

    def get() -> Any:
        for _ in range(REPEATS):
            try:
                return get_state()
            except RuntimeError:  # "dictionary changed size during iteration"
                time.sleep(0.01)
        return get_state()

    return get


def install() -> None:
    writing = threading.Lock()
    save_all, handle = app.save_all, app.app

    def save(states: dict[str, Callable[[], Any]]) -> None:
        with writing:
            save_all({name: _settled(get_state) for name, get_state in states.items()})

    async def notice(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await handle(scope, receive, send)
        if scope["type"] == "http" and may_change(scope["method"], dict(scope["headers"])):
            soon()

    def write() -> None:
        while _changed.wait():
            time.sleep(SNAPSHOT_DELAY)
            _changed.clear()
            save(app._build_persistence_save_dict())

    app.save_all, app.app = save, notice
    threading.Thread(target=write, daemon=True, name="snapshots").start()

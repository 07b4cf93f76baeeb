"""MiniStack as this sandbox needs it; run by the emulator's own Python.

Five things are changed, each where the pinned version (see requirements.txt) offers no
setting: its state is written soon after every change instead of at a clean exit only; its
registry keeps blobs in files instead of in memory; it asks Docker about a task twice a
second instead of ten times; and a stopped task's containers go on for a moment, so that
resolvers forget the address before nobody answers there (real ECS takes a task out of
service discovery in DEACTIVATING, before STOPPING ends its containers); and it ends
without stopping its containers, 16 at a time, because bin/up stops all at once.
"""

import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ministack import app
from ministack.core import persistence
from ministack.services import ecr, ecs

READING = ("Batch", "Describe", "Discover", "Filter", "Get", "List", "Lookup")
SNAPSHOT_DELAY = 0.5  # seconds after a change, so that a burst of calls makes one snapshot
INSPECT_EVERY = 0.5  # seconds between two looks at one task's containers
DRAIN = 3.0  # seconds that containers outlive the task's registration


class Blobs(MutableMapping[str, bytes]):
    """One repository's layers, a file each, by digest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, digest: str) -> Path:
        return self.folder / quote(digest, safe="")

    def __getitem__(self, digest: str) -> bytes:
        try:
            return self._path(digest).read_bytes()
        except FileNotFoundError:
            raise KeyError(digest) from None

    def __setitem__(self, digest: str, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self._path(f"{digest}.{threading.get_ident()}")
        partial.write_bytes(content)
        partial.replace(self._path(digest))

    def __delitem__(self, digest: str) -> None:
        self._path(digest).unlink()

    def __iter__(self) -> Iterator[str]:
        return iter(())  # nobody lists a registry's blobs

    def __len__(self) -> int:
        return 0


class Repositories(MutableMapping[str, Blobs]):
    """Takes the place of the registry's dictionary of blobs by repository name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __getitem__(self, name: str) -> Blobs:
        return Blobs(self.folder / quote(name, safe=""))

    def __setitem__(self, name: str, blobs: object) -> None:
        """`setdefault` comes here for a new repository: its folder is made by the first blob."""

    def __delitem__(self, name: str) -> None:
        raise NotImplementedError("the registry deletes blobs one by one")

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __deepcopy__(self, memo: object) -> dict[str, bytes]:
        return {}  # what a snapshot has of the blobs: they are on disk already


def keep_blobs_in_files(folder: Path) -> None:
    ecr._layer_blobs = Repositories(folder)


def inspect_less_often() -> None:
    inspect = ecs._maybe_mark_stopped

    def inspect_now_and_then(task: dict[str, Any], docker_client: object = None) -> None:
        now = time.monotonic()
        if now - task.get("_inspected_at", 0.0) >= INSPECT_EVERY:
            task["_inspected_at"] = now
            inspect(task, docker_client)

    ecs._maybe_mark_stopped = inspect_now_and_then


def drain_before_stopping() -> None:
    remove = ecs._remove_docker_container

    def remove_later(docker_client: Any, container_or_id: Any) -> None:
        if docker_client is not None and container_or_id is not None:
            threading.Thread(
                target=drain, args=(docker_client, container_or_id), daemon=True, name="drain"
            ).start()

    def drain(docker_client: Any, container_or_id: Any) -> None:
        time.sleep(DRAIN)
        remove(docker_client, container_or_id)

    ecs._remove_docker_container = remove_later


def leave_containers_at_the_end() -> None:
    """Those of a run that was killed are still removed at the next start."""
    remove = app._stop_docker_containers

    def remove_at_the_start(include_unlabelled: bool = False) -> None:
        if include_unlabelled:  # as it is called at its start only
            remove(include_unlabelled)

    app._stop_docker_containers = remove_at_the_start


def write_state_after_changes() -> None:
    """A killed emulator comes back as it was half a second before."""
    changed = threading.Event()
    writing = threading.Lock()
    save_all, handle = app.save_all, app.app

    def save(states: dict[str, Callable[[], Any]]) -> None:
        with writing:
            save_all(states)

    async def notice(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await handle(scope, receive, send)
        if scope["type"] == "http" and may_change(scope["method"], dict(scope["headers"])):
            changed.set()

    def write() -> None:
        while changed.wait():
            time.sleep(SNAPSHOT_DELAY)
            changed.clear()
            save(app._build_persistence_save_dict())

    app.save_all, app.app = save, notice
    threading.Thread(target=write, daemon=True, name="snapshots").start()


def may_change(method: str, headers: dict[bytes, bytes]) -> bool:
    """Whether a request can have changed anything; in doubt it can."""
    action = headers.get(b"x-amz-target", b"").rpartition(b".")[2].decode("latin-1")
    return method not in ("GET", "HEAD", "OPTIONS") and not (
        action.startswith(READING) and not action.startswith("BatchDelete")
    )


def main() -> None:
    keep_blobs_in_files(Path(persistence.STATE_DIR) / "blobs")
    inspect_less_often()
    drain_before_stopping()
    leave_containers_at_the_end()
    write_state_after_changes()
    app.main()


if __name__ == "__main__":
    main()

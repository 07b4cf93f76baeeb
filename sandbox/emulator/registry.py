"""The registry's blobs in files instead of in memory."""

import threading
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from urllib.parse import quote

from ministack.core import persistence
from ministack.services import ecr


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


def install() -> None:
    ecr._layer_blobs = Repositories(Path(persistence.STATE_DIR) / "blobs")

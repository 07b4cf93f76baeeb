"""An application's files, as definitions read them: by path, beneath the repository's root only."""

import errno
import posixpath
from pathlib import Path
from typing import Protocol

from .problems import refuse

#: No definition that people write comes near; what is larger is a mistake or an attack.
MAX_BYTES = 1024 * 1024


class Files(Protocol):
    """Where definitions are read from: a commit in git, or a folder."""

    def read(self, path: str) -> bytes | None:
        """The content at a path made by `beneath`; None where there is no such file.

        Raises DefinitionError for what is larger than MAX_BYTES, no regular file, or a symbolic
        link that leaves the repository.
        """
        ...


class Folder:
    """The files of a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def read(self, path: str) -> bytes | None:
        try:
            return self._read(path)
        except RuntimeError:
            # What pathlib makes of a circle. https://docs.python.org/3.11/library/pathlib.html
            raise refuse(path, "This symbolic link leads back to itself.") from None
        except OSError as problem:
            if problem.errno == errno.ENAMETOOLONG:
                # Too long for a file system, so there is no such file in it.
                return None
            raise refuse(path, f"This cannot be read: {problem.strerror}.") from None

    def _read(self, path: str) -> bytes | None:
        found = (self._root / path).resolve()
        if not found.is_relative_to(self._root):
            raise refuse(path, "This symbolic link leads out of the repository.")
        if not found.exists():
            return None
        if not found.is_file():
            raise refuse(path, "This is not a file.")
        check_size(path, found.stat().st_size)
        return found.read_bytes()


def beneath(path: str, *, base: str = "", said_in: str = "", line: int | None = None) -> str:
    """`path` as written in the folder `base`, from the root, without `.` and `..`.

    Raises DefinitionError, told at `said_in`, for a path that leaves the repository.
    """
    joined = posixpath.normpath(posixpath.join(base, path))
    if joined.startswith(("/", "../")) or joined == ".." or "\0" in joined:
        raise refuse(said_in or path, f"“{path}” leads out of the repository.", line=line)
    return joined


def read_text(files: Files, path: str, *, said_in: str = "", line: int | None = None) -> str:
    """The text of a file that must exist; problems are told at `said_in`, where it is named."""
    content = files.read(path)
    if content is None:
        raise refuse(said_in or path, f"There is no file {path}.", line=line)
    try:
        return content.decode()
    except UnicodeDecodeError as problem:
        raise refuse(path, f"This is not UTF-8 text (byte {problem.start + 1}).") from None


def check_size(path: str, size: int) -> None:
    """Raises DefinitionError for a file that is too large to be a definition."""
    if size > MAX_BYTES:
        raise refuse(
            path, f"This file has {size:,} bytes; a definition may have {MAX_BYTES:,} at most."
        )

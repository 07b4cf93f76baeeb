"""A commit's files, read straight from the mirror, without a checkout."""

import re
import subprocess
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ..definitions.files import check_size
from ..definitions.problems import refuse
from ..errors import PlatformError, UserError
from ..models import Repository
from .gitcommand import environment

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_FOLDER, _LINK, _SUBMODULE = "40000", "120000", "160000"
#: As Linux has it: path_resolution(7).
_LINKS_MAX = 40
_LINK_BYTES_MAX = 4096
#: Some 200,000 names in one folder.
_FOLDER_BYTES_MAX = 8 * 1024 * 1024


@dataclass(frozen=True)
class _Entry:
    mode: str
    digest: str


class GitFiles:
    """The files of one commit, as definitions read them. Use it in one thread, in a `with`.

    git is only ever asked for objects by their hash: no path, however it is named, becomes part
    of what git is told.
    """

    def __init__(self, repository: Repository, mirror: Path, commit: str) -> None:
        if not _COMMIT.fullmatch(commit):
            raise UserError(f"“{commit}” is not a commit.")
        self._objects = _Objects(repository, mirror)
        self._commit = commit
        self._folders: dict[str, dict[str, _Entry]] = {}

    def __enter__(self) -> Self:
        self._objects.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._objects.close()

    def read(self, path: str) -> bytes | None:
        """The content at a path from the root; None where there is no such file.

        Raises DefinitionError for what is too large, no file, or a link that leads out.
        """
        entry = self._find(path)
        if entry is None:
            return None
        if entry.mode == _SUBMODULE:
            raise refuse(path, "This is not a file, but a submodule, which Edaha does not read.")
        if entry.mode == _FOLDER:
            raise refuse(path, "This is not a file.")
        check_size(path, self._objects.size(entry.digest))
        return self._objects.content(entry.digest)

    def _find(self, path: str) -> _Entry | None:
        """What is at `path`, with symbolic links followed as the kernel would."""
        here = [_Entry(_FOLDER, self._root())]
        ahead = deque(path.split("/"))
        links = 0
        while ahead:
            name = ahead.popleft()
            if name in {"", "."}:
                continue
            if name == "..":
                here.pop()
                if not here:
                    raise refuse(path, "This symbolic link leads out of the repository.")
                continue
            if here[-1].mode != _FOLDER:
                # There is nothing in a file. In a submodule there is, but not in this commit.
                return here[-1] if here[-1].mode == _SUBMODULE else None
            entry = self._folder(path, here[-1].digest).get(name)
            if entry is None:
                return None
            if entry.mode == _LINK:
                links += 1
                if links > _LINKS_MAX:
                    raise refuse(path, "This symbolic link leads back to itself.")
                ahead.extendleft(reversed(self._target(path, entry.digest).split("/")))
                continue
            here.append(entry)
        return here[-1]

    def _root(self) -> str:
        content = self._objects.content(self._commit)
        # A commit's first line is `tree HASH`.
        return content.split(b"\n", 1)[0].removeprefix(b"tree ").decode()

    def _folder(self, path: str, digest: str) -> dict[str, _Entry]:
        if digest not in self._folders:
            if self._objects.size(digest) > _FOLDER_BYTES_MAX:
                raise refuse(path, "This lies in a folder with too many files.")
            self._folders[digest] = _parse(self._objects.content(digest), len(digest) // 2)
        return self._folders[digest]

    def _target(self, path: str, digest: str) -> str:
        if self._objects.size(digest) > _LINK_BYTES_MAX:
            raise refuse(path, "This symbolic link is too long.")
        target = self._objects.content(digest).decode(errors="surrogateescape")
        if target.startswith("/"):
            raise refuse(path, "This symbolic link leads out of the repository.")
        return target


class _Objects:
    """A git that answers for objects of the mirror, one after the other.

    https://git-scm.com/docs/git-cat-file#_batch_output
    """

    def __init__(self, repository: Repository, mirror: Path) -> None:
        self._repository, self._mirror = repository, mirror
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        self._process = subprocess.Popen(
            ["git", "-C", str(self._mirror), "cat-file", "--batch-command"],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            # It only reads: nothing is lost with it, whatever it is doing.
            process.kill()
            process.communicate()

    def size(self, digest: str) -> int:
        """In bytes, without reading the object."""
        size, _ = self._ask("info", digest)
        return size

    def content(self, digest: str) -> bytes:
        size, answers = self._ask("contents", digest)
        content = answers.read(size + 1)
        if len(content) != size + 1:
            raise self._broken(digest)
        return content[:-1]

    def _ask(self, command: str, digest: str) -> tuple[int, IO[bytes]]:
        if self._process is None or not self._process.stdin or not self._process.stdout:
            raise RuntimeError("GitFiles is to be used in a `with`")
        try:
            self._process.stdin.write(f"{command} {digest}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._broken(digest) from None
        # `HASH TYPE SIZE`, or `HASH missing`.
        answer = self._process.stdout.readline().split()
        if len(answer) != 3:
            raise self._broken(digest)
        return int(answer[2]), self._process.stdout

    def _broken(self, digest: str) -> PlatformError:
        return PlatformError(
            f"git did not find {digest[:12]} in the mirror of {self._repository.full_name}.",
            retry=True,
        )


def _parse(tree: bytes, hash_bytes: int) -> dict[str, _Entry]:
    """Name → entry of a tree object: mode, space, name, NUL and hash, one after the other."""
    entries = {}
    at = 0
    while at < len(tree):
        space = tree.index(b" ", at)
        end = tree.index(b"\0", space)
        after = end + 1 + hash_bytes
        name = tree[space + 1 : end].decode(errors="surrogateescape")
        entries[name] = _Entry(tree[at:space].decode(), tree[end + 1 : after].hex())
        at = after
    return entries

"""A repository as GitHub has it: bare, on disk, written by git's plumbing without a checkout."""

import subprocess
from pathlib import Path

_NAMES = ["-c", "user.name=Chaos", "-c", "user.email=chaos@example.com"]
NOTHING = "0" * 40


class Origin:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self._git("init", "--quiet", "--bare", "--initial-branch=main")
        self.dockerfile = self._write("FROM scratch\nEXPOSE 8000\n")

    def commit(self, branch: str, text: str, *, parent: str | None) -> str:
        """Let `branch` point to a new commit with this text; without a parent, a new root."""
        file = self._write(text)
        tree = self._git(
            "mktree",
            given=f"100644 blob {self.dockerfile}\tDockerfile\n100644 blob {file}\tfile\n",
        )
        parents = ["-p", parent] if parent else []
        commit = self._git("commit-tree", tree, *parents, "-m", "Change")
        self._git("update-ref", f"refs/heads/{branch}", commit)
        return commit

    def delete(self, branch: str) -> None:
        self._git("update-ref", "-d", f"refs/heads/{branch}")

    def heads(self) -> dict[str, str]:
        """Branch → commit: the truth that everything is compared with."""
        listed = self._git(
            "for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads"
        )
        return {name: sha for sha, name in (line.split(" ", 1) for line in listed.splitlines())}

    def _write(self, text: str) -> str:
        return self._git("hash-object", "-w", "--stdin", given=text)

    def _git(self, *arguments: str, given: str = "") -> str:
        done = subprocess.run(
            ["git", *_NAMES, *arguments],
            cwd=self.path,
            input=given.encode(),
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

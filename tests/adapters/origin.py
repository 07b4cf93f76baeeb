"""A git repository, as somebody pushes to it."""

import subprocess
from pathlib import Path


class Origin:
    def __init__(self, path: Path, *options: str) -> None:
        self.path = path
        self.git("init", "--quiet", "--initial-branch=main", *options, str(path), at=path.parent)

    def commit(self, files: dict[str, str] | None = None) -> str:
        for name, text in (files or {}).items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Change")
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str, at: Path | None = None) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=T", "-c", "user.email=t@example.com", *arguments],
            cwd=at or self.path,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

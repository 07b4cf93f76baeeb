"""git repositories as GitHub would have them, made for a measurement."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from .processes import run

DOCKERFILE = """\
FROM localhost/python:3-slim AS dependencies
RUN mkdir /dependencies && for n in $(seq 300); do echo "# $n" > /dependencies/part$n.py; done

FROM localhost/python:3-slim
COPY --from=dependencies /dependencies /dependencies
WORKDIR /app
COPY app/ ./
EXPOSE 3000
CMD ["python3", "-m", "http.server", "3000"]
"""


class Origin:
    """A repository with one branch that commits are added to."""

    def __init__(self, path: Path, *, branch: str = "main") -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "--quiet", f"--initial-branch={branch}")
        self.git("config", "user.name", "Developer")
        self.git("config", "user.email", "developer@example.com")

    def commit(self, files: Mapping[str, str], *, message: str = "Change") -> str:
        for name, text in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        return run("git", "-C", str(self.path), *arguments).strip()


def small_application(path: Path, *, branch: str = "main") -> Origin:
    """A web application whose dependencies are a layer apart from its code."""
    origin = Origin(path, branch=branch)
    files = {f"app/page_{number}.html": f"<h1>Page {number}</h1>\n" for number in range(200)}
    origin.commit(files | {"Dockerfile": DOCKERFILE, "app/index.html": "<h1>Hello</h1>\n"})
    return origin


def large_repository(path: Path) -> Origin:
    """5,000 files of 8 KB in 100 folders, with a history of 30 commits."""
    origin = Origin(path)
    origin.commit({f"src/part{n % 100}/file{n}.py": _text(n) for n in range(5000)}, message="Begin")
    for number in range(30):
        origin.commit({f"src/part{n}/file{n}.py": _text(n + number + 1) for n in range(50)})
    return origin


def _text(seed: int) -> str:
    return "".join(f"value_{seed}_{line} = {seed * 7919 + line * 104729}\n" for line in range(250))


def shallow_clone(origin: Origin, into: Path) -> None:
    """What a CI job does: `git clone --depth 1`, over git's own protocol."""
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", f"file://{origin.path}", str(into)], check=True
    )

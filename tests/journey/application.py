"""An application that is not the sample: one stage, no EXPOSE, BusyBox instead of Python."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

DOCKERFILE = """\
FROM localhost/python:3-slim
COPY www /www
COPY start.sh /
CMD ["/bin/sh", "/start.sh"]
"""

START = """\
echo "starting $EDAHA_BRANCH"
trap 'kill $server; exit 0' TERM
busybox httpd -f -p "$PORT" -h /www &
server=$!
wait $server
"""


class Application:
    """A git repository as its developers see it."""

    def __init__(self, path: Path, files: Mapping[str, str | None] | None = None) -> None:
        """Without `files`, a small shop; what is in the folder already is committed, too."""
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "Developer")
        self.git("config", "user.email", "developer@example.com")
        shop = {"Dockerfile": DOCKERFILE, "start.sh": START, "www/index.html": "main"}
        self.commit(shop if files is None else files)

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str | None]) -> str:
        """Write files (None deletes one) and commit them; the commit's hash."""
        for name, text in files.items():
            path = self.path / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Change " + ", ".join(files))
        return self.head()

    def branch(self, name: str, files: Mapping[str, str | None]) -> str:
        """A new branch off main with one commit; the commit's hash."""
        self.git("checkout", "--quiet", "-b", name, "main")
        return self.commit(files)

    def checkout(self, name: str) -> None:
        self.git("checkout", "--quiet", name)

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

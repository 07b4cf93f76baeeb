"""The little of GitHub that the sample repository needs: a push becomes webhooks.

    python -m sandbox.forge FOLDER

is the post-receive hook of FOLDER/sample.git. It compares the branches with what it has told
Edaha so far and sends what is missing, so a push while Edaha is down is told at its next
start. A new branch opens a pull request, deleting it closes the pull request.
Standard library only: it runs inside git.
"""

import fcntl
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import github

Event = tuple[str, github.Payload]  # X-GitHub-Event and what goes with it


class NotDelivered(Exception):
    """Edaha did not take a webhook; it is sent again at the next push or start."""


@dataclass
class Forge:
    """One repository, its pull requests, and what Edaha has been told of them."""

    folder: Path
    full_name: str
    url: str  # where webhooks go
    secret: str
    heads: dict[str, str]  # commit by branch, as told last
    pull_requests: list[dict[str, Any]]  # number, branch, title, author, state

    @classmethod
    def open(cls, folder: Path) -> "Forge":
        return cls(folder=folder, **json.loads((folder / "forge.json").read_text()))

    def save(self) -> None:
        values = {name: value for name, value in vars(self).items() if name != "folder"}
        partial = self.folder / "forge.json.new"
        partial.write_text(json.dumps(values, indent=1, ensure_ascii=False))
        partial.chmod(0o600)  # it holds the webhook secret
        partial.replace(self.folder / "forge.json")

    @property
    def git_folder(self) -> Path:
        return self.folder / "sample.git"

    @property
    def repository(self) -> github.Repository:
        return github.Repository(self.full_name, str(self.git_folder))

    def sync(self) -> Iterator[str]:
        """Tells Edaha what it does not know, one line for each webhook it took."""
        actual = self._branches()
        for branch in sorted(actual.keys() | self.heads.keys(), key=self._order):
            before, after = self.heads.get(branch), actual.get(branch)
            if before == after:
                continue
            for event, payload in self._events(branch, before, after):
                status = self._deliver(event, payload)
                yield f"{event} {payload.get('action', '')} of {branch}: {status}"
            if after is None:
                del self.heads[branch]
            else:
                self.heads[branch] = after
            self.save()

    def _order(self, branch: str) -> tuple[int, str]:
        numbers = [one["number"] for one in self.pull_requests if one["branch"] == branch]
        return (min(numbers, default=0 if branch == "main" else sys.maxsize), branch)

    def _events(self, branch: str, before: str | None, after: str | None) -> Iterator[Event]:
        author = self._author(after) if after else "octocat"
        if before is None:
            yield "create", github.create(self.repository, branch, sender=author)
        message = self._log("%B", after).strip() if after else ""
        commit = github.commit_payload(after, message, author) if after else None
        yield (
            "push",
            github.push(
                self.repository,
                branch,
                before or github.NOTHING,
                after or github.NOTHING,
                sender=author,
                commit=commit,
            ),
        )
        if branch != self.repository.default_branch:
            action, pull_request = self._pull_request(branch, before, after)
            if action:
                ends = {"before": before, "after": after} if action == "synchronize" else {}
                yield "pull_request", github.pull_request(action, pull_request, **ends)
        if after is None:
            yield "delete", github.delete(self.repository, branch, sender=author)

    def _pull_request(
        self, branch: str, before: str | None, after: str | None
    ) -> tuple[str, github.PullRequest]:
        """What happened to the branch's pull request; it is opened where there is none."""
        known = next(
            (
                one
                for one in self.pull_requests
                if one["branch"] == branch and one["state"] == "open"
            ),
            None,
        )
        action = "closed" if after is None else "synchronize" if before else "opened"
        if known is None:
            action = "" if after is None else "opened"
            number = 1 + max((one["number"] for one in self.pull_requests), default=0)
            known = {
                "number": number,
                "branch": branch,
                "state": "open",
                "title": self._log("%s", after or branch).strip() if after else branch,
                "author": self._author(after) if after else "octocat",
            }
            if after:
                self.pull_requests.append(known)
        if action == "closed":
            known["state"] = "closed"
        return action, github.PullRequest(
            self.repository,
            known["number"],
            branch,
            after or before or github.NOTHING,
            known["title"],
            known["author"],
            state=known["state"],
            base_sha=self._branches().get("main", github.NOTHING),
        )

    def _deliver(self, event: str, payload: github.Payload) -> int:
        try:
            status = github.deliver(self.url, event, payload, self.secret)
        except OSError as error:
            raise NotDelivered(f"Edaha does not answer at {self.url} ({error})") from error
        if status >= 300:
            raise NotDelivered(f"Edaha answered {event} with {status}")
        return status

    def _branches(self) -> dict[str, str]:
        listed = self._git(
            "for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads"
        )
        return {name: sha for sha, name in (line.split(" ", 1) for line in listed.splitlines())}

    def _author(self, commit: str) -> str:
        return "-".join(self._log("%an", commit).lower().split()) or "octocat"

    def _log(self, form: str, commit: str) -> str:
        return self._git("log", "-1", f"--format={form}", "--end-of-options", commit)

    def _git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", "--git-dir", self.git_folder, *arguments],
            check=True,
            capture_output=True,
            text=True,
            encoding="utf-8",
        ).stdout


@contextmanager
def opened(folder: Path) -> Iterator[Forge]:
    """The forge of a folder, for one process at a time."""
    with (folder / "forge.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Forge.open(folder)


def main(folder: Path) -> None:
    try:
        with opened(folder) as forge:
            for line in forge.sync():
                print(f"Edaha took {line}", flush=True)
    except NotDelivered as error:
        print(f"{error}. It is told at its next start.", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Waiting for a deployment to come to an end."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from .errors import DeploymentFailed, NotFound, Unreachable
from .server import Json, Server

ON_ITS_WAY = ("queued", "building", "releasing", "verifying")
#: These came live.
ARRIVED = ("live", "retired")
EVERY_SECONDS = 2.0
#: A server that is being deployed itself is away for a moment.
MISSES = 10

Tell = Callable[[Json], None]
Pause = Callable[[float], None]


@dataclass
class Wait:
    """Follows what becomes of a commit, or of a branch's newest deployment."""

    server: Server
    repository: str
    name: str
    timeout: float
    #: Full, or its beginning; empty for whatever is newest.
    commit: str = ""
    every: float = EVERY_SECONDS
    #: This very deployment, whatever becomes of the branch.
    number: int = 0
    #: Where a live view goes on while nothing is asked.
    pause: Pause = time.sleep

    def until_ended(self, tell: Tell) -> Json:
        """The deployment, once it came to its end; `tell` hears of each look.

        Raises DeploymentFailed where the time is over before.
        """
        end, missed = time.monotonic() + self.timeout, 0
        while True:
            try:
                found, missed = self._look(), 0
            except Unreachable:
                found, missed = None, missed + 1
                if missed > MISSES:
                    raise
            if found:
                tell(found)
                if found["state"] not in ON_ITS_WAY:
                    return found
            if time.monotonic() + self.every > end:
                raise DeploymentFailed(self._too_late(found))
            self.pause(self.every)

    def _look(self) -> Json | None:
        if self.number:
            return self.server.deployment(self.number)
        try:
            branch = self.server.branch(self.repository, self.name)
        except NotFound:
            if self.commit:
                return None  # the push may not have been heard of yet
            raise
        newest: Json | None = branch["deployment"]
        if newest and newest["commit"].startswith(self.commit):
            return newest
        if not self.commit:
            raise NotFound(f"Nothing of {self.name} was deployed yet.")
        rows: list[Json] = self.server.ask(f"/branches/{branch['id']}/deployments")
        return next((row for row in rows if row["commit"].startswith(self.commit)), None)

    def _too_late(self, found: Json | None) -> str:
        minutes = f"{self.timeout / 60:g} minutes"
        if found:
            return f"Deployment {found['id']} is still {found['state']} after {minutes}."
        what = f"commit {self.commit[:12]}" if self.commit else "the branch"
        return f"Nothing was heard of {what} of {self.name} within {minutes}."

"""What is to be built of a commit, and where it goes: Edaha tells it by the commit's files."""

import time
from dataclasses import dataclass, field

from edaha_cli.errors import (
    CommandError,
    DeploymentFailed,
    NotAllowed,
    NotFound,
    Unreachable,
    Usage,
)
from edaha_cli.safe import one_line
from edaha_cli.server import Json, Server

from . import runner

#: The workflow may begin before Edaha has heard of the push.
UNHEARD_SECONDS = 120.0
EVERY_SECONDS = 5.0


@dataclass(frozen=True)
class Commit:
    """A commit of a branch, as the run of the workflow names it."""

    repository: str
    branch: str
    commit: str

    @classmethod
    def given(cls) -> "Commit":
        names = ("GITHUB_REPOSITORY", "EDAHA_BRANCH", "EDAHA_COMMIT")
        return cls(*map(runner.given, names))

    def __str__(self) -> str:
        return f"{self.commit[:12]} of {self.branch} in {self.repository}"


@dataclass
class Plans:
    """Asks for the plan of a commit, again where Edaha has not heard of the commit yet."""

    server: Server
    patience: float = UNHEARD_SECONDS
    every: float = field(default=EVERY_SECONDS)

    def of(self, commit: Commit) -> Json:
        query: Json = {
            "repository": commit.repository,
            "branch": commit.branch,
            "commit": commit.commit,
        }
        end = time.monotonic() + self.patience
        while True:
            try:
                plan: Json = self.server.ask("/build-plan", **query)
            except (NotFound, Unreachable) as problem:
                if time.monotonic() + self.every > end:
                    raise explained(problem, commit) from None
                time.sleep(self.every)
            except CommandError as problem:
                raise explained(problem, commit) from None
            else:
                return plan


def image_of(plan: Json, name: str) -> Json:
    """The image of that name; the only one where no name is given."""
    images: list[Json] = plan["images"]
    found = [each for each in images if each["name"] == name or (not name and len(images) == 1)]
    if found:
        return found[0]
    known = ", ".join(one_line(each["name"]) for each in images) or "none"
    if not name:
        raise Usage(f"image: the commit has several: {known}.", "Name one of them.")
    raise Usage(f"image: the commit has no {one_line(name)}.", f"Its images: {known}.")


def explained(problem: CommandError, commit: Commit) -> CommandError:
    """A refusal with what the workflow's author can do about it."""
    if isinstance(problem, NotFound):
        hint = (
            "The repository has to be connected, its workflows need a role, and the commit has to "
            "be in the branch."
        )
        said = f"Edaha does not find commit {commit}: {problem.message}"
        return NotFound(said, " ".join(filter(None, [problem.hint, hint])))
    if isinstance(problem, NotAllowed):
        hint = (
            "An administrator allows it in the repository's settings: the role `deployer` for "
            "workflows, and this run's ref among its refs."
        )
        return NotAllowed(problem.message, " ".join(filter(None, [problem.hint, hint])))
    if isinstance(problem, DeploymentFailed):
        return DeploymentFailed(problem.message, problem.hint or "Look at the preview's page.")
    return problem

"""Hosts of git: what can be asked of each besides git itself.

Branches and commits are read by git from every host. What only some have, an API of pull requests
and people, is asked for through the host that `of` names.
"""

import re
from functools import cache
from typing import Protocol

from ..config import config
from ..errors import PlatformError
from ..models import Repository
from ..models.repository import HostName
from ..payloads import Comment, Event
from . import github

#: GitHub's names of people; those of bots have brackets.
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})")


class Host(Protocol):
    """One kind of host."""

    name: HostName
    #: Whether it has pull requests, people and comments that can be asked about.
    has_pull_requests: bool

    @property
    def poll_seconds(self) -> int:
        """Seconds between two looks at branches where the repository does not say; 0 is never."""

    def open_pull_requests(self, repository: Repository) -> list[Event]:
        """Every open pull request, as events without an action.

        Raises PlatformError where the list cannot be had as a whole.
        """

    def pull_request(self, repository: Repository, number: int) -> Event:
        """One pull request as it is now, open or closed."""

    def may_write(self, repository: Repository, login: str) -> bool:
        """Whether that person may push to the repository, as it is now."""

    def comment(self, repository: Repository, number: int) -> Comment | None:
        """A comment on a pull request as it is now; None where there is none of that number."""

    def page(self, repository: Repository, path: str) -> str:
        """The address of one of the repository's pages for people; empty where it has none."""


class GitHub:
    """github.com, or a GitHub Enterprise Server: the one that the settings name."""

    name = HostName.GITHUB
    has_pull_requests = True
    #: It tells of every push.
    poll_seconds = 0

    def open_pull_requests(self, repository: Repository) -> list[Event]:
        return github.open_pull_requests(repository)

    def pull_request(self, repository: Repository, number: int) -> Event:
        return github.pull_request(repository, number)

    def may_write(self, repository: Repository, login: str) -> bool:
        """By the permission and not by `author_association`, which says who somebody is.

        Roles of an organisation's own have the permission that they build on:
        https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
        """
        if not _LOGIN.fullmatch(login):
            return False
        try:
            answer = github.request(repository, "GET", f"/collaborators/{login}/permission")
        except github.NotFound:
            return False
        told = answer.json()
        return isinstance(told, dict) and told.get("permission") in {"admin", "write"}

    def comment(self, repository: Repository, number: int) -> Comment | None:
        return github.comment(repository, number)

    def page(self, repository: Repository, path: str) -> str:
        return f"{config().github_url.rstrip('/')}/{repository.full_name}/{path}"


class PlainGit:
    """git alone, over https or on a disk: branches are looked at again and again."""

    name = HostName.GIT
    has_pull_requests = False

    @property
    def poll_seconds(self) -> int:
        return config().poll_seconds

    def open_pull_requests(self, repository: Repository) -> list[Event]:
        return []

    def pull_request(self, repository: Repository, number: int) -> Event:
        raise PlatformError(
            f"{repository.full_name} is kept by git alone: nobody can be asked about its pull "
            "requests.",
            hint="Is it on GitHub? Then correct its host or its clone address.",
        )

    def may_write(self, repository: Repository, login: str) -> bool:
        return False

    def comment(self, repository: Repository, number: int) -> Comment | None:
        return None

    def page(self, repository: Repository, path: str) -> str:
        return ""


@cache
def _known() -> dict[str, Host]:
    hosts: tuple[Host, ...] = (GitHub(), PlainGit())
    return {host.name: host for host in hosts}


def of(repository: Repository) -> Host:
    """The host that the repository names, or else that its clone URL looks like."""
    return _known()[HostName.GITHUB if github.is_home_of(repository) else HostName.GIT]


def poll_seconds(repository: Repository) -> int:
    """Seconds between two looks at its branches; 0 is never."""
    own = repository.poll_seconds
    return of(repository).poll_seconds if own is None else own

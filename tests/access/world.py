"""Three repositories, everybody who could ask for something in them, and what each may do.

What is expected is said here once more, in other words than the product's: from the table in
docs/roles.md.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import NAMESPACE_DNS, uuid5

from django.contrib.auth.models import User

from dashboard.models import Membership
from deployments.models import ApiToken, Branch, Delivery, Deployment, Repository, Share
from deployments.states import BranchState, DeploymentState
from tests.dashboard.rows import a_branch, a_delivery, a_deployment, a_person, a_repository

ORDER = ("viewer", "deployer", "admin")
#: In the names of everything that belongs to a repository, so that it is found where it leaks.
MARKS = {"own": "OwnWalnut", "open": "OpenCherry", "private": "HiddenQuince"}


@dataclass(frozen=True)
class Somebody:
    """A role everywhere, and one inside the repository that is called "own"."""

    everywhere: str | None = None
    inside: str | None = None

    def __str__(self) -> str:
        return f"{self.everywhere or 'nobody'}+{self.inside or 'nothing'}"

    def may(self, needed: str, repository: str) -> int:
        """0 where they may, else the status that they are answered with."""
        held = [ORDER.index(self.inside)] if self.inside and repository == "own" else []
        if self.everywhere and (repository != "private" or self.everywhere == "admin"):
            held.append(ORDER.index(self.everywhere))
        if not (self.everywhere or self.inside):
            return 403
        if not held:
            return 404
        return 0 if max(held) >= ORDER.index(needed) else 403

    def sees(self, repository: str) -> bool:
        return self.may("viewer", repository) == 0


EVERYBODY = [
    Somebody(),
    *(Somebody(everywhere=role) for role in ORDER),
    *(Somebody(inside=role) for role in ORDER),
    Somebody(everywhere="viewer", inside="deployer"),
    Somebody(everywhere="deployer", inside="viewer"),
]


class Place(NamedTuple):
    """One repository, with one row of each kind that belongs to it."""

    repository: Repository
    branch: Branch
    deployment: Deployment
    delivery: Delivery
    share: Share


def places() -> dict[str, Place]:
    return {name: _place(name, mark) for name, mark in MARKS.items()}


def _place(name: str, mark: str) -> Place:
    repository = a_repository(f"acme/{mark}")
    Repository.objects.filter(pk=repository.pk).update(is_private=name == "private")
    branch = a_branch(f"{mark}-branch", repository=repository, title=f"{mark} title", author=mark)
    deployment = a_deployment(branch, DeploymentState.LIVE, is_live=True)
    Branch.objects.filter(pk=branch.pk).update(state=BranchState.LIVE)
    delivery = a_delivery(
        str(uuid5(NAMESPACE_DNS, mark)),
        repository=repository,
        branch=branch,
        decision=f"deploying to {mark}",
    )
    share, _ = Share.issue(branch, timedelta(days=1), note=mark, by="root")
    return Place(repository, Branch.objects.get(pk=branch.pk), deployment, delivery, share)


def person(somebody: Somebody, own: Repository) -> User:
    made = a_person(somebody.everywhere, str(somebody))
    if somebody.inside:
        Membership.objects.create(user=made, repository=own, role=somebody.inside)
    return made


def token(somebody: Somebody, own: Repository) -> str:
    """A token has one role: everywhere, or inside the repositories that it names."""
    role = somebody.everywhere or somebody.inside or ""
    return ApiToken.issue(str(somebody), role, repositories=[own] if somebody.inside else [])

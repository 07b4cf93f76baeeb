"""Rows that the pages show, made the way the domain makes them."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.utils import timezone

from deployments.config import config
from deployments.models import (
    Branch,
    Delivery,
    Deployment,
    LogChunk,
    Repository,
    Service,
    Transition,
)
from deployments.names import address_label
from deployments.states import BranchState, DeploymentState

COMMIT = "3f2a1bc0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4"


def a_person(role: str | None = "deployer", name: str = "mika") -> User:
    person = User.objects.create_user(name, password="leaves")
    if role:
        person.groups.add(Group.objects.get_or_create(name=role)[0])
    return person


def a_repository(full_name: str = "acme/shop") -> Repository:
    url = f"https://github.com/{full_name}.git"
    return Repository.objects.get_or_create(full_name=full_name, defaults={"clone_url": url})[0]


def a_branch(name: str = "feature-x", **fields: Any) -> Branch:
    repository = fields.pop("repository", None) or a_repository()
    branch = Branch.for_name(repository, name)
    for field, value in ({"wanted_commit": COMMIT} | fields).items():
        setattr(branch, field, value)
    branch.save()
    return branch


def a_deployment(
    branch: Branch, state: str = DeploymentState.QUEUED, *, is_live: bool = False, **fields: Any
) -> Deployment:
    branch.generation += 1
    deployment = Deployment.objects.create(
        branch=branch,
        generation=branch.generation,
        commit=COMMIT,
        trigger=Deployment.Trigger.PUSH,
        state=state,
        **({"namespace": "edaha.internal"} | fields),
    )
    a_service(deployment)
    branch.deployment = deployment
    if is_live:
        branch.live = deployment
    branch.save()
    return deployment


def a_service(deployment: Deployment, name: str = "", **fields: Any) -> Service:
    """One of its services; without a name, the one at the preview's own address."""
    slug = deployment.branch.slug
    return Service.objects.create(
        deployment=deployment,
        **{
            "name": name or "app",
            "label": address_label(slug, name) if name else slug,
            "release_name": deployment.service_name(config().installation, name),
            "container": "app",
            "port": 3000,
        }
        | fields,
    )


def a_fork(**fields: Any) -> Branch:
    """A pull request of a stranger, whose commit waits."""
    branch = Branch.for_fork(a_repository(), 123)
    known = {
        "title": "A gift",
        "author": "octocat",
        "author_association": "FIRST_TIME_CONTRIBUTOR",
        "pull_request": 123,
        "pull_request_url": "https://github.com/acme/shop/pull/123",
        "head_repository": "octocat/shop",
        "head_branch": "patch-1",
        "waiting_commit": COMMIT,
        "seen_commit": COMMIT,
    }
    for field, value in (known | fields).items():
        setattr(branch, field, value)
    branch.save()
    return branch


def a_live_branch(name: str = "feature-x", **fields: Any) -> Branch:
    branch = a_branch(name, state=BranchState.LIVE, **fields)
    a_deployment(branch, DeploymentState.LIVE, is_live=True, finished_at=timezone.now())
    return branch


def a_move(branch: Branch, to: BranchState) -> Transition:
    """Move what people see of a branch, as `deployments.models.moves` does it."""
    before, now = branch.state, timezone.now()
    Branch.objects.filter(pk=branch.pk).update(state=to, state_changed_at=now, updated_at=now)
    return Transition.objects.create(branch=branch, before=before, after=to)


def some_lines(deployment: Deployment, first: int, count: int, text: str = "line {}") -> LogChunk:
    lines = [[0, 1, text.format(number)] for number in range(first, first + count)]
    return LogChunk.objects.create(deployment=deployment, first=first, lines=lines)


def an_end(deployment: Deployment, state: str = DeploymentState.FAILED, *, ago: int = 60) -> None:
    at = timezone.now() - timedelta(seconds=ago)
    Deployment.objects.filter(pk=deployment.pk).update(
        state=state, state_changed_at=at, finished_at=at
    )


def a_delivery(guid: str = "guid-1", **fields: Any) -> Delivery:
    given = {
        "event": "push",
        "payload": b'{"ref": "refs/heads/feature-x"}',
        "key_id": "k",
        "received_at": timezone.now(),
        "state": Delivery.State.DECIDED,
        "decision": "ignored: repository not known",
    }
    return Delivery.objects.create(guid=guid, **(given | fields))

"""The run against the model: what is lost, what is leaked, what is stale."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db.models import Q

from deployments.adapters import worktree
from deployments.models import Branch, Build, Delivery, Deployment, Repository, Service, Transition
from deployments.states import ACTIVE, BranchState, DeploymentState

from .stack import Stack
from .workload import Project


@dataclass
class Verdict:
    lost: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.leaked or self.stale)


def judge(made: Stack, accepted: set[str]) -> Verdict:
    verdict = Verdict()
    verdict.lost += _undecided(accepted)
    for project in made.projects:
        _compare(project, verdict)
    verdict.leaked += _unfinished()
    verdict.leaked += _left_in_aws(made)
    verdict.leaked += _left_on_disk()
    verdict.stale += replaced_by_older()
    return verdict


def _undecided(accepted: set[str]) -> list[str]:
    decided = Delivery.objects.exclude(state=Delivery.State.PENDING)
    missing = accepted - set(decided.values_list("guid", flat=True))
    return [f"delivery {guid} has no decision" for guid in sorted(missing)]


def _compare(project: Project, verdict: Verdict) -> None:
    """Every branch that is wanted is live at its head, and no other one is there."""
    wanted = project.wanted()
    repository = Repository.objects.get(full_name=project.full_name)
    rows = {row.name: row for row in repository.branches.select_related("live", "deployment")}
    for name, commit in wanted.items():
        row = rows.pop(name, None)
        if row is None or row.live is None:
            verdict.lost.append(f"{project.full_name}:{name} is {_said(row)}, and not live")
        elif row.live.commit != commit:
            sentence = f"{project.full_name}:{name} has {row.live.short_commit} live"
            verdict.stale.append(f"{sentence}, and not {commit[:7]}; it is {_said(row)}")
        elif row.state != BranchState.LIVE:
            verdict.lost.append(f"{project.full_name}:{name} is {_said(row)}")
    for name, row in rows.items():
        if row.state != BranchState.DESTROYED:
            verdict.leaked.append(f"{project.full_name}:{name} is {_said(row)}, and not destroyed")


def _said(row: Branch | None) -> str:
    if row is None:
        return "unknown"
    newest = row.deployment
    return f"{row.state} ({newest.state}: {newest.error[:100]})" if newest else str(row.state)


def _unfinished() -> list[str]:
    """Deployments that somebody still has to work on."""
    over = Q(state=DeploymentState.LIVE) | Q(cleaned_at__isnull=False)
    rows = Deployment.objects.filter(Q(state__in=ACTIVE) | ~over).select_related("branch")
    return [f"{row} is {row.state} and not cleaned: {row.progress}" for row in rows]


def _left_in_aws(made: Stack) -> list[str]:
    left = made.aws.left("edaha")
    live = Service.objects.filter(deployment__state=DeploymentState.LIVE)
    names = set(live.values_list("release_name", flat=True))
    definitions = set(live.values_list("task_definition_arn", flat=True))
    services = {name for name, status in left["services"].items() if status != "INACTIVE"}
    found = _difference("ECS service", services, names)
    found += _difference("Cloud Map service", set(left["names"]), names)
    # A revision whose answer got lost stays, free of charge, until its branch ends.
    revisions = set(left["task_definitions"]) - spare_revisions(left["task_definitions"])
    found += _difference("task definition", revisions, definitions)
    found += [f"one-off task {name}" for name in left["one_off"]]
    return found + _left_images(left["images"])


def spare_revisions(active: list[str]) -> set[str]:
    """Revisions that no live deployment uses, of families that one does."""
    live = Service.objects.filter(deployment__state=DeploymentState.LIVE)
    used = set(live.values_list("task_definition_arn", flat=True))
    families = {arn.rpartition(":")[0] for arn in used}
    return {arn for arn in active if arn not in used and arn.rpartition(":")[0] in families}


def _difference(what: str, there: set[str], expected: set[str]) -> list[str]:
    more = [f"{what} {name} stands for nothing" for name in sorted(there - expected)]
    return more + [f"{what} {name} is missing" for name in sorted(expected - there)]


def _left_images(images: dict[str, list[dict[str, Any]]]) -> list[str]:
    """An image belongs to the branch whose slug its tag begins with, or to one that runs it."""
    running = Build.objects.filter(deployment__state=DeploymentState.LIVE)
    digests = {each.rpartition("@")[2] for each in running.values_list("reference", flat=True)}
    slugs = set(Branch.objects.exclude(live=None).values_list("slug", flat=True))
    found = []
    for repository, each in images.items():
        for image in each:
            owners = [tag.removeprefix("cache-").partition(".")[0] for tag in image["tags"]]
            # The commit's twelve digits stand between slug and dot, but not in a cache's tag.
            stems = {owner.rpartition("-")[0] for owner in owners} | set(owners)
            if not stems & slugs and image["digest"] not in digests:
                found.append(f"image {repository} {image['tags'] or image['digest']}")
    return found


def _left_on_disk() -> list[str]:
    gone = Branch.objects.filter(state=BranchState.DESTROYED).select_related("repository")
    paths: list[Path] = [worktree.worktree_path(row.repository, row) for row in gone]
    return [f"worktree {path}" for path in paths if path.exists()]


def replaced_by_older() -> list[str]:
    """Wherever a deployment went live after a newer one of its branch had."""
    newest: dict[int, int] = {}
    found = []
    moves = Transition.objects.filter(after=DeploymentState.LIVE, deployment__isnull=False)
    for branch, generation in moves.order_by("id").values_list("branch", "deployment__generation"):
        if generation <= newest.get(branch, -1):
            found.append(f"branch {branch}: generation {generation} after {newest[branch]}")
        newest[branch] = max(generation, newest.get(branch, -1))
    return found

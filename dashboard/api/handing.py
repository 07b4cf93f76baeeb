"""The operations for whoever builds images elsewhere: what to build, and what was built."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from ninja import Field, Query, Schema, Status
from ninja.errors import HttpError

from dashboard.access import Role
from deployments import audit, handing
from deployments.handing import Given, NotApproved, NotThere
from deployments.models import Deployment, Repository

from .operations import ERRORS, api, check_role
from .runs import check_own_branch
from .schemas import DeploymentOut, Explained, Text
from .tokens import DEPLOYER, access, actor

Name = Annotated[
    str,
    Field(description="OWNER/NAME", pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", max_length=140),
]
BranchName = Annotated[
    Text,
    Field(
        description="The branch's name in git; `pull:NUMBER` for a pull request from a fork.",
        min_length=1,
        max_length=255,
    ),
]
Commit = Annotated[
    str, Field(description="All its digits.", pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")
]
_MOST_IMAGES = 50


class PlanQuery(Schema):
    repository: Name
    branch: BranchName
    commit: Commit


class PlannedImage(Schema):
    """One image, as `docker buildx build` is told of it."""

    name: str = Field(description="As edaha.yml calls it.")
    repository: str = Field(description="Where it is pushed to, without a tag.")
    tag: str
    context: str
    dockerfile: str
    target: str = Field(description="The Dockerfile's stage; empty means the last.")
    platforms: list[str]
    args: dict[str, str]


class BuildPlanOut(Schema):
    """What to build of a commit."""

    repository: str
    branch: str
    commit: str
    region: str
    registry: str
    images: list[PlannedImage]


class Handed(Explained):
    """The images of a commit, and where they are."""

    repository: Name
    branch: BranchName
    commit: Commit
    images: dict[str, Annotated[Text, Field(max_length=500)]] = Field(
        description="Name → `registry/repository@sha256:…`, all images of the build plan.",
        min_length=1,
        max_length=_MOST_IMAGES,
    )
    run_url: Text = Field("", max_length=500, description="The page of the run that built them.")


@api.get(
    "/build-plan",
    auth=DEPLOYER,
    response=ERRORS | {200: BuildPlanOut},
    summary="What to build of a commit, and where to push it",
    description="For a repository whose images are built elsewhere (`builds` is `actions`). The "
    "ECR repository is made where it is new.",
)
def get_build_plan(request: HttpRequest, query: Query[PlanQuery]) -> dict[str, Any]:
    repository = _repository(request, query.repository)
    with _refused():
        plan = handing.build_plan(repository, query.branch, query.commit)
    return {
        "repository": repository.full_name,
        "branch": query.branch,
        "commit": plan.commit,
        "region": plan.region,
        "registry": plan.store.partition("/")[0],
        "images": [_planned(plan, *each) for each in plan.images],
    }


@api.post(
    "/deployments",
    auth=DEPLOYER,
    response=ERRORS | {202: DeploymentOut},
    summary="Deploy images that were built elsewhere",
    description="The answer is the deployment; the same images again are the same one. 409 where "
    "a newer commit is wanted by now, or Edaha builds itself; 403 for a commit of a fork that "
    "nobody has approved; 422 tells what is wrong with which image.",
)
def hand_over(request: HttpRequest, wish: Handed) -> Status[Deployment]:
    repository, who = _repository(request, wish.repository), actor(request)
    check_own_branch(request, repository, wish.branch)
    given = Given(wish.branch, wish.commit, wish.images, wish.run_url, wish.reason)
    with _refused():
        made = handing.hand_over(repository, given, actor=who)
    audit.note(
        "preview.hand_over",
        made.branch,
        actor=who,
        reason=wish.reason,
        after={"commit": wish.commit, "deployment": made.pk, "images": dict(wish.images)},
    )
    return Status(202, made)


def _planned(plan: handing.BuildPlan, spec: Any, tag: str) -> dict[str, Any]:
    return {
        "name": spec.name,
        "repository": plan.store,
        "tag": tag,
        "context": spec.context,
        "dockerfile": spec.dockerfile,
        "target": spec.target,
        "platforms": list(spec.platforms),
        "args": dict(spec.args),
    }


def _repository(request: HttpRequest, full_name: str) -> Repository:
    shown = access(request).visible(Repository.objects.all())
    repository: Repository | None = shown.filter(full_name__iexact=full_name).first()
    if repository is None:
        raise Http404
    check_role(request, repository.pk, Role.DEPLOYER)
    return repository


@contextmanager
def _refused() -> Iterator[None]:
    """Each kind of refusal as its own status."""
    try:
        yield
    except NotThere as problem:
        raise HttpError(404, f"{problem.message} {problem.hint}".strip()) from None
    except NotApproved as problem:
        raise HttpError(403, f"{problem.message} {problem.hint}") from None
    except ValidationError as problem:
        raise ValidationError(
            {
                name if name == "run_url" else f"images.{name}": said
                for name, said in problem.message_dict.items()
            }
        ) from None

"""What callers see of our rows, and what they may send."""

from datetime import datetime
from typing import Annotated, Any

from ninja import Field, Schema
from pydantic import BeforeValidator, ConfigDict

from dashboard.waiting import standing, waiting_sentence
from deployments.causes import Cause, fault
from deployments.models import Branch, Deployment
from deployments.reports import verdict
from deployments.states import BranchState, DeploymentState

#: The largest key that both databases hold.
MAX_ID = 2**63 - 1


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 3.0 is as whole as 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]
Id = Annotated[int, Field(ge=1, le=MAX_ID), BeforeValidator(_whole)]
Guid = Annotated[str, Field(pattern=r"^[0-9A-Fa-f-]{1,64}$")]
#: Without the character that no database takes.
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class ServiceOut(Schema):
    """One service of a deployment."""

    name: str
    url: str = Field(description="Where it is, once its deployment is live.")
    port: int


class AnnotationOut(Schema):
    """A line of one of the repository's files that an error is about."""

    path: str = Field(description="In the repository, such as `app/Dockerfile`.")
    line: int = Field(description="Counted from 1.")
    message: str


class DeploymentOut(Schema):
    """One attempt to bring a commit live."""

    id: int
    branch: int = Field(alias="branch_id", description="The branch's id.")
    state: DeploymentState
    commit: str
    trigger: str
    is_trusted: bool = Field(
        description="False for a commit of a fork: it gets no secrets, no roles, no shared cache."
    )
    actor: str = Field(description="Who asked for it.")
    error: str = Field(description="What failed; empty if nothing did.")
    hint: str = Field(description="What to do about the error.")
    cause: str = Field(description="What kind of failure it is; empty if nothing failed.")
    fault: str = Field(
        description="Who can mend it: application, settings, platform, edaha; empty if nothing "
        "failed."
    )
    error_line: int | None = Field(description="The line of its log that tells the error.")
    annotations: list[AnnotationOut] = Field(
        description="Where the error is in the repository’s files, as its check run shows it; "
        "empty where no line of theirs is the cause."
    )
    source: str = Field(
        description="The file that described it; empty where the repository's settings did."
    )
    images: dict[str, str] = Field(description="Name → `registry/repository@sha256:…`")
    run_url: str = Field(description="The run that built its images elsewhere, if it told.")
    services: list[ServiceOut] = Field(description="Empty until its definitions are known.")
    queue_position: int | None = Field(
        description="Counted from 1 among all that wait; null once it has begun."
    )
    waiting_for: str = Field(
        description="What it waits for, in a sentence; empty once it has begun."
    )
    created_at: datetime
    started_at: datetime | None
    built_at: datetime | None
    released_at: datetime | None = Field(description="When ECS took over.")
    finished_at: datetime | None

    @staticmethod
    def resolve_fault(deployment: Deployment) -> str:
        known = deployment.cause in Cause.values
        return str(fault(Cause(deployment.cause))) if known else ""

    @staticmethod
    def resolve_annotations(deployment: Deployment) -> list[dict[str, Any]]:
        return [each._asdict() for each in verdict.annotations_of(deployment)]

    @staticmethod
    def resolve_images(deployment: Deployment) -> dict[str, str]:
        return {build.name: build.reference for build in deployment.builds.all()}

    @staticmethod
    def resolve_run_url(deployment: Deployment) -> str:
        return deployment.image_set.run_url if deployment.image_set else ""

    @staticmethod
    def resolve_queue_position(deployment: Deployment) -> int | None:
        place = standing(deployment)
        return place.position if place else None

    @staticmethod
    def resolve_waiting_for(deployment: Deployment) -> str:
        return waiting_sentence(deployment)

    @staticmethod
    def resolve_services(deployment: Deployment) -> list[Any]:
        return list(deployment.services.all())


class BranchOut(Schema):
    """One branch and its preview."""

    id: int
    repository: str
    name: str
    slug: str = Field(description="The preview's DNS label.")
    state: BranchState
    url: str = Field(description="Where the preview is, once it is live.")
    commit: str = Field(
        description="The commit that `state` is about: the newest one that was asked for. What "
        "the address serves meanwhile is `live.commit`."
    )
    title: str
    author: str
    pull_request: int | None
    pull_request_url: str
    is_fork: bool = Field(
        description="Whether it is a pull request from a fork: nothing of it is deployed but "
        "commits that somebody approved."
    )
    head_repository: str = Field(
        description="OWNER/NAME of the fork; empty where there is none, or it is gone."
    )
    head_branch: str = Field(description="The fork's own branch; empty where it is no fork.")
    waiting_for: str = Field(
        description="`approval` while `waiting_commit` waits for one, `images` while its newest "
        "deployment waits for those that are built elsewhere; otherwise empty."
    )
    waiting_commit: str = Field(description="The fork's newest commit, while it waits.")
    created_at: datetime
    updated_at: datetime
    visited_at: datetime | None = Field(description="When somebody opened it last, to a minute.")
    expires_at: datetime | None = Field(
        description="When it ends by itself, unless somebody opens it, pushes or pins it before."
    )
    pinned_at: datetime | None = Field(description="Since when it does not end by itself.")
    pinned_by: str = Field(description="Who wanted that.")
    deployment: DeploymentOut | None = Field(description="The newest attempt.")
    live: DeploymentOut | None = Field(description="What the address serves.")

    @staticmethod
    def resolve_repository(branch: Branch) -> str:
        return branch.repository.full_name

    @staticmethod
    def resolve_waiting_for(branch: Branch) -> str:
        awaits = branch.deployment is not None and branch.deployment.awaits_images
        return branch.waiting_for or ("images" if awaits else "")

    @staticmethod
    def resolve_commit(branch: Branch) -> str:
        return branch.wanted_commit


class RepositoryOut(Schema):
    id: int
    full_name: str
    clone_url: str
    default_branch: str
    policy: str
    patterns: list[str]
    builds: str = Field(description="Who builds its images: `edaha` or `actions`.")
    forks: str = Field(description="What becomes of pull requests from forks: `approval` or `off`.")
    deploy_drafts: bool = Field(description="Whether draft pull requests get a preview.")
    only_with_label: bool = Field(description="Whether pull requests need `start_label` for one.")
    start_label: str = Field(description="The label that gives a preview in any case, or empty.")
    skip_label: str = Field(description="The label that takes it away, or empty.")
    pin_label: str = Field(description="The label that keeps it, or empty.")
    deploy_bots: bool = Field(description="Whether pull requests of bots get a preview.")
    bots: list[str] = Field(description="People’s accounts that count as bots.")
    base_branches: list[str] = Field(description="Patterns of what is merged into; empty is any.")
    paths: list[str] = Field(description="Patterns of files that have to change; empty is any.")
    host: str = Field(description="`github`, `git` (no API), or empty: as the clone URL says.")
    poll_seconds: int | None = Field(
        description="Seconds between two looks at its branches; 0 is never, null the host’s usual."
    )
    report_comment: bool
    report_deployments: bool
    report_status: str = Field(description="`check`, `status` or `off`.")
    slack_channel: str = Field(
        description="Where Slack’s bots tell of it; empty: in each subscription’s own channel."
    )
    created_at: datetime


class Explained(Schema):
    """Why something is wished for."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)

    reason: str = Field("", max_length=500, description="For people: the history shows it.")


class Wish(Explained):
    """What to deploy, and how: the branch's newest commit, unless something else is named."""

    no_cache: bool = Field(False, description="Build everything anew.")
    commit: str | None = Field(
        None,
        description="Another commit of the branch; its first seven digits will do.",
        pattern=r"^[0-9a-f]{7,64}$",
    )


class PageQuery(Schema):
    after: Id | None = Field(None, description="The key of the last row of the page before.")
    limit: int = Field(100, ge=1, le=1000, description="The most rows to give.")


class LogLine(Schema):
    number: int = Field(description="Counted from 1; give the last one as `after`.")
    at: float = Field(description="Seconds since 1970.")
    step: int
    text: str = Field(description="As the program wrote it, with its escape sequences.")


class LogQuery(Schema):
    after: int = Field(0, ge=0, le=2**31 - 1, description="Only lines with a greater number.")


class SearchQuery(PageQuery):
    q: Text = Field("", max_length=200, description="Words to look for, as on the page.")

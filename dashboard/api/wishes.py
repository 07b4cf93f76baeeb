"""The operations that tell a wish: each one call of the domain, by whoever's token it is."""

from django.http import HttpRequest
from ninja import Status

from dashboard.access import Role
from dashboard.auditing import noted
from deployments import announcing, audit, intake
from deployments.errors import UserError
from deployments.models import Branch, Deployment

from .approvals import Judgement
from .operations import ERRORS, Key, api, branch_of, deployment_of
from .schemas import BranchOut, DeploymentOut, Explained, Wish
from .tokens import DEPLOYER, actor


@api.post(
    "/branches/{branch_id}/deployments",
    auth=DEPLOYER,
    response=ERRORS | {202: DeploymentOut},
    summary="Deploy again",
    description="The branch's newest commit, or another one of its commits.",
)
def redeploy(request: HttpRequest, branch_id: Key, wish: Wish | None = None) -> Status[Deployment]:
    branch, who, reason = _branch(request, branch_id), actor(request), _reason(wish)
    no_cache = wish.no_cache if wish else False
    with noted("preview.deploy", branch, actor=who, reason=reason):
        if wish and wish.commit is not None:
            made = intake.deploy_commit(
                branch, wish.commit, actor=who, reason=reason, no_cache=no_cache
            )
        else:
            made = intake.redeploy(branch, actor=who, reason=reason, no_cache=no_cache)
    return Status(202, made)


@api.post(
    "/branches/{branch_id}/approvals",
    auth=DEPLOYER,
    response=ERRORS | {202: DeploymentOut},
    summary="Let a commit of a fork be built and run",
    description="The answer is its deployment. 409 where another commit waits by now, or none: "
    "have a look at `waiting_commit`, and send that.",
)
def approve(request: HttpRequest, branch_id: Key, wish: Judgement) -> Status[Deployment]:
    branch, who = _branch(request, branch_id), actor(request)
    with noted("fork.approve", branch, actor=who, reason=wish.reason):
        made = intake.approve(branch, wish.commit, actor=who, reason=wish.reason)
    return Status(202, made)


@api.post(
    "/branches/{branch_id}/rejections",
    auth=DEPLOYER,
    response=ERRORS | {202: BranchOut},
    summary="Let a commit of a fork wait no more",
    description="What was approved before stays; the next push waits again. 409 as above.",
)
def reject(request: HttpRequest, branch_id: Key, wish: Judgement) -> Status[Branch]:
    branch, who = _branch(request, branch_id), actor(request)
    with noted("fork.reject", branch, actor=who, reason=wish.reason):
        intake.reject(branch, wish.commit, actor=who, reason=wish.reason)
    return Status(202, _branch(request, branch_id))


@api.post(
    "/deployments/{deployment_id}/rollback",
    auth=DEPLOYER,
    response=ERRORS | {202: DeploymentOut},
    summary="Bring an earlier deployment back, without a build",
    description="The answer is the new deployment, with the images of the earlier one. 409 where "
    "that never came to have any, or its preview was destroyed.",
)
def roll_back(
    request: HttpRequest, deployment_id: Key, wish: Explained | None = None
) -> Status[Deployment]:
    to, who, reason = _deployment(request, deployment_id), actor(request), _reason(wish)
    with noted("preview.roll_back", to.branch, actor=who, reason=reason):
        made = intake.roll_back(to.branch, to, actor=who, reason=reason)
    return Status(202, made)


@api.delete(
    "/branches/{branch_id}",
    auth=DEPLOYER,
    response=ERRORS | {202: BranchOut},
    summary="Destroy a preview",
)
def destroy(request: HttpRequest, branch_id: Key, wish: Explained | None = None) -> Status[Branch]:
    branch, who = _branch(request, branch_id), actor(request)
    reason = _reason(wish) or f"{who} asked for it"
    with noted("preview.destroy", branch, actor=who, reason=reason):
        intake.destroy(branch, actor=who, reason=reason)
    return Status(202, _branch(request, branch_id))


@api.delete(
    "/deployments/{deployment_id}",
    auth=DEPLOYER,
    response=ERRORS | {202: DeploymentOut},
    summary="Cancel a deployment that is on its way",
    description="409 where it has come to an end already. What is live goes on serving.",
)
def cancel(
    request: HttpRequest, deployment_id: Key, wish: Explained | None = None
) -> Status[Deployment]:
    deployment, who = _deployment(request, deployment_id), actor(request)
    with noted("deployment.cancel", deployment.branch, actor=who, reason=_reason(wish)):
        if not intake.cancel(deployment, actor=who, reason=_reason(wish)):
            raise UserError(
                f"Deployment {deployment.pk} is not on its way: it is {deployment.state}.",
                hint="Redeploy its branch, or destroy it.",
            )
    return Status(202, _deployment(request, deployment_id))


@api.put(
    "/branches/{branch_id}/pin",
    auth=DEPLOYER,
    response=ERRORS | {200: BranchOut},
    summary="Keep a preview until somebody unpins it",
    description="It does not end by itself then. A closed pull request still ends it.",
)
def pin(request: HttpRequest, branch_id: Key, wish: Explained | None = None) -> Branch:
    branch, who, reason = _branch(request, branch_id), actor(request), _reason(wish)
    with noted("preview.pin", branch, actor=who, reason=reason):
        intake.pin(branch, actor=who, reason=reason)
    return _branch(request, branch_id)


@api.delete(
    "/branches/{branch_id}/pin",
    auth=DEPLOYER,
    response=ERRORS | {200: BranchOut},
    summary="Let a pinned preview's time begin anew",
)
def unpin(request: HttpRequest, branch_id: Key, wish: Explained | None = None) -> Branch:
    branch, who, reason = _branch(request, branch_id), actor(request), _reason(wish)
    with noted("preview.unpin", branch, actor=who, reason=reason):
        intake.unpin(branch, actor=who, reason=reason)
    return _branch(request, branch_id)


@api.post(
    "/branches/{branch_id}/extension",
    auth=DEPLOYER,
    response=ERRORS | {200: BranchOut},
    summary="Count a preview's time anew, as a visit does",
)
def extend(request: HttpRequest, branch_id: Key) -> Branch:
    branch, who = _branch(request, branch_id), actor(request)
    with noted("preview.extend", branch, actor=who):
        intake.extend(branch, actor=who)
    return _branch(request, branch_id)


@api.post(
    "/branches/{branch_id}/reports",
    auth=DEPLOYER,
    response=ERRORS | {202: BranchOut},
    summary="Tell GitHub everything of a branch once more",
    description="Without waiting for the next try of what could not be told.",
)
def tell_again(request: HttpRequest, branch_id: Key) -> Status[Branch]:
    branch, who = _branch(request, branch_id), actor(request)
    audit.note("github.tell", branch, actor=who, after={"told": announcing.retold(branch)})
    return Status(202, branch)


def _branch(request: HttpRequest, branch_id: int) -> Branch:
    return branch_of(request, branch_id, Role.DEPLOYER)


def _deployment(request: HttpRequest, deployment_id: int) -> Deployment:
    return deployment_of(request, deployment_id, Role.DEPLOYER)


def _reason(wish: Explained | None) -> str:
    return wish.reason if wish else ""
